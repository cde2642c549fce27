/** A database with shapes, sources over it, and an HTTP server in front of a source, all ended together. */
import type { Pool } from "pg";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import {
  createEmbeddedShapeSource,
  type EmbeddedShapeSource,
  type EmbeddedShapeSourceOptions,
} from "../../node-server/shapes/embedded.ts";
import type { ShapeSource } from "../../node-server/shapes/source.ts";
import { createDatabase } from "./database.ts";
import { serveShapes } from "./serve-shapes.ts";

export interface ShapeBench {
  /** For the tests' own statements. */
  readonly pool: Pool;
  newPool(): Pool;
  /** A source as one server process would have it, with a pool of its own. */
  newSource(options?: Partial<EmbeddedShapeSourceOptions>): EmbeddedShapeSource;
  /** Serves `GET /v1/shapes/{name}`; the bearer token is the node's id. Gives the address of `/v1/shapes`. */
  serve(source: ShapeSource): Promise<string>;
  close(): Promise<void>;
}

export async function openShapeBench(): Promise<ShapeBench> {
  const database = await createDatabase();
  const endings: (() => Promise<unknown>)[] = [];
  const newPool = () => {
    const client = createDatabaseClient(database.url, silent);
    endings.push(() => client.close());
    return client.pool;
  };
  return {
    pool: newPool(),
    newPool,
    newSource(options = {}) {
      const source = createEmbeddedShapeSource({ pool: newPool(), log: silent, retryMs: 10, ...options });
      endings.push(() => source.close());
      source.start();
      return source;
    },
    async serve(source) {
      const { address, close } = await serveShapes(source);
      endings.push(close);
      return address;
    },
    async close() {
      for (const end of endings.toReversed()) await end();
      await database.drop();
    },
  };
}

const silent = { warn: () => {} };
