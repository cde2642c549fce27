/** The proxy source in front of a real Electric service keeps the contract of shape sources, and two nodes settle through it. */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { describe, test } from "vitest";
import { createElectricShapeSource } from "../../node-server/shapes/electric.ts";
import { describeLiveShapeSource } from "../contracts/shape-source.contract.ts";
import { playTwoNodes } from "../contracts/two-nodes.ts";
import { capturedDefinitions, createPlainCapturedTable } from "../support/captured-exchanges.ts";
import { serveShapes } from "../support/serve-shapes.ts";
import { electricService, emptyDatabase } from "./service.ts";

const found = electricService();
const table = "captured_leases";

describe.skipIf(!found.ok)("a real Electric service", () => {
  describeLiveShapeSource("in front of a real Electric", table, async () => {
    const { electricUrl: url, secret, databaseUrl } = serviceOf();
    await emptyDatabase(databaseUrl);
    const pool = new Pool({ connectionString: databaseUrl, max: 4 });
    await createPlainCapturedTable(pool, table);
    const definitions = capturedDefinitions(table);
    const source = createElectricShapeSource({ url, secret, definitions, log: { warn: () => {} } });
    const server = await serveShapes(source);
    return {
      pool,
      table,
      address: server.address,
      hastyAddress: server.address,
      isNowSnapshotEnd: false,
      async commitWhileHeld(statements, request) {
        const response = request();
        // Nothing tells from outside that a request is held. One that is not yet held answers the same.
        await sleep(1000);
        await pool.query(statements.join(";"));
        return response;
      },
      async close() {
        await server.close();
        await pool.end();
      },
    };
  });

  test("two tills settle through two servers that read from it, and go on at the other when one is killed", async () => {
    const { electricUrl, secret, databaseUrl } = serviceOf();
    await emptyDatabase(databaseUrl);
    await playTwoNodes({ DATABASE_URL: databaseUrl, ELECTRIC_URL: electricUrl, ELECTRIC_SECRET: secret });
  });
});

function serviceOf() {
  if (!found.ok) throw new Error(found.reason);
  return found.service;
}
