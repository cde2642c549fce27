/**
 * PostgreSQL itself, compiled to WebAssembly, in this process and in memory (PGlite, by the makers of Electric), behind the
 * server's own driver: the same SQL, constraints, triggers and deferred rules as over the network. It has one connection,
 * so transactions come one after the other, and what is shown by two at once is shown on a server only.
 */
import { PGlite } from "@electric-sql/pglite";
import { createPgConfig } from "@electric-sql/pglite/node-postgres";
import { Client, Pool } from "pg";
import type { QueryConfig } from "pg";
import { readMigrations, serverMigrationsFolder } from "../../node-server/postgres/migrate.ts";
import { exactTypes } from "../../node-server/postgres/pool.ts";

export interface MemoryPostgres {
  readonly pool: Pool;
  close(): Promise<void>;
}

/** A database with all migrations of the server applied; it takes some seconds. */
export async function startMemoryPostgres(): Promise<MemoryPostgres> {
  const database = await PGlite.create();
  // The database has one session for all that the pool ever connects, which is best one.
  const settings = { max: 1, idleTimeoutMillis: 0, types: exactTypes(), Client: PreparingClient };
  const pool = new Pool(Object.assign(createPgConfig(pipelined(database)), settings));
  // There is no disk that a commit could wait for.
  await pool.query("set synchronous_commit = off");
  for (const { sql } of await readMigrations(serverMigrationsFolder)) await pool.query(sql);
  return {
    pool,
    async close() {
      await pool.end();
      await database.close();
    },
  };
}

/** What a driver sends up to the end of a query goes to the database at once, as over a socket; each crossing costs. */
function pipelined(database: PGlite): PGlite {
  const waiting: Uint8Array[] = [];
  const execProtocolStream: PGlite["execProtocolStream"] = async (message, options) => {
    waiting.push(message);
    if (!endsPipeline.has(message[0] ?? 0)) return [];
    const sent = waiting.length === 1 ? message : new Uint8Array(Buffer.concat(waiting));
    waiting.length = 0;
    return database.execProtocolStream(sent, { ...options, syncToFs: false });
  };
  return Object.assign(Object.create(database) as PGlite, { execProtocolStream });
}

/** The protocol's messages that are answered at once: a simple query, a sync, a flush. */
const endsPipeline: ReadonlySet<number> = new Set(Buffer.from("QSH"));

let prepared = 0;

/** Has each statement parsed and planned once, which is more than half of its cost here. */
class PreparingClient extends Client {
  readonly #names = new Map<string, string>();

  // The driver's own type is a dozen overloads; the store and the tests call it with a text and its values.
  override query = ((...args: [unknown, ...unknown[]]): unknown => {
    const [asked, ...rest] = args;
    const query = super.query.bind(this) as (...given: unknown[]) => unknown;
    const { text, values } =
      typeof asked === "string" ? { text: asked, values: rest.shift() } : (asked as Partial<QueryConfig>);
    if (text === undefined || !Array.isArray(values) || values.length === 0) return query(...args);
    const name = this.#names.get(text) ?? `statement_${(prepared += 1)}`;
    this.#names.set(text, name);
    return query({ name, text, values }, ...rest);
  }) as Client["query"];
}
