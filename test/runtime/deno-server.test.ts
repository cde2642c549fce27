/** The server as a process on Deno: beside one on Node over one database, with held requests, and at its end. */
import { request } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import { playTwoNodes } from "../contracts/two-nodes.ts";
import { BareNode } from "../support/bare-node.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import type { Running } from "../support/processes.ts";

const onDeno = "node-server/main.deno.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

test("a server on Node and one on Deno serve two tills over one database, and Deno goes on when Node is killed", () =>
  playTwoNodes({ DATABASE_URL: database.url }, ["node-server/main.node.ts", onDeno]));

describe("a server on Deno", () => {
  let installation: Installation;
  let running: Running;
  let url: string;
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), "paypost-deno-"));
    installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
    ({ running, url } = await startServer(installation, onDeno));
  });
  afterEach(async () => {
    running.child.kill("SIGKILL");
    await running.finished;
    await installation.receiver.close();
    await rm(installation.folder, { recursive: true, force: true });
  });

  test("holds a live request until there is a change, and answers it when it is told to stop", async () => {
    const node = await enrolled(installation, url);
    const ask = async (query: string) => {
      const headers = { authorization: node.authorization };
      const response = await fetch(`${url}/v1/shapes/leases?${query}`, { headers });
      return { status: response.status, headers: response.headers, text: await response.text() };
    };
    const handle = (await ask("offset=-1")).headers.get("electric-handle");
    const held = ask(`offset=0_inf&handle=${handle}&live=true`);
    const client = createDatabaseClient(database.url, { warn: () => {} }, { max: 1 });
    await client.pool.query("insert into shape_leases values ($1, 7, 1, 1, now(), 'lease', 'PV1:x')", [
      node.identity.nodeId,
    ]);
    await client.close();
    const told = await held;
    expect(told).toMatchObject({ status: 200, text: expect.stringContaining('"serial":"7"') as string });

    const offset = told.headers.get("electric-offset") ?? "";
    const last = ask(`offset=${offset}&handle=${handle}&live=true`);
    // Nothing tells from outside that a request is held; one that has not arrived is not answered by whoever stops.
    await sleep(2000);
    running.child.kill("SIGTERM");
    expect(await last).toMatchObject({ status: 200, text: expect.stringContaining("up-to-date") as string });
    expect(await running.finished).toMatchObject({ code: 0 });
  });

  test("refuses a shape's request with a body", async () => {
    const node = await enrolled(installation, url);
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: node.authorization, "transfer-encoding": "chunked" };
      request(`${url}/v1/shapes/leases?offset=-1`, { headers }, (answer) => resolve(answer.statusCode))
        .on("error", reject)
        .end(JSON.stringify({ where: "true" }));
    });
    expect(status).toBe(400);
  });
});

async function enrolled(installation: Installation, url: string): Promise<BareNode> {
  await operate(installation, "merchant", "add", "shop-1", "Corner shop");
  const { code } = (await operate(installation, "node", "code", "shop-1", "Till 1")) as { code: string };
  const node = await BareNode.enrol(url, code);
  await node.openSession();
  return node;
}
