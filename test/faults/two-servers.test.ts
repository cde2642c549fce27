/** Two real server processes over one PostgreSQL serve the same shapes out of it. */
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { playTwoNodes } from "../contracts/two-nodes.ts";
import { BareNode } from "../support/bare-node.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, startServer, type Installation } from "../support/installation.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

test("two tills settle through two servers, and go on at the other when one is killed", () =>
  playTwoNodes({ DATABASE_URL: database.url }));

test("a handle made at one process is good at the other, and a change is told by both under the same offset", async () => {
  const folder = await mkdtemp(join(tmpdir(), "paypost-two-servers-"));
  const installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
  const servers = [await startServer(installation), await startServer(installation)];
  const [one, two] = servers.map(({ url }) => url) as [string, string];
  const client = createDatabaseClient(database.url, { warn: () => {} }, { max: 2 });
  try {
    const node = await enrol(installation, one);
    const ask = async (server: string, query: string) => {
      const headers = { authorization: node.authorization };
      const response = await fetch(`${server}/v1/shapes/leases?${query}`, { headers });
      return { response, text: await response.text() };
    };
    const { response: first } = await ask(one, "offset=-1");
    const handle = first.headers.get("electric-handle") ?? "";
    const held = ask(two, `offset=0_inf&handle=${handle}&live=true`);
    await client.pool.query("insert into shape_leases values ($1, 7, 1, 1, now(), 'lease', 'PV1:x')", [
      node.identity.nodeId,
    ]);
    const at = await ask(one, `offset=0_inf&handle=${handle}`);
    const { response, text } = await held;
    expect(response.status).toBe(200);
    expect(response.headers.get("electric-offset")).toBe(at.response.headers.get("electric-offset"));
    expect(JSON.parse(text)).toMatchObject([
      { value: { serial: "7" } },
      { headers: { control: "up-to-date" } },
    ]);
  } finally {
    await client.close();
    for (const { running } of servers) {
      running.child.kill("SIGTERM");
      await running.finished;
    }
    await installation.receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
});

async function enrol(installation: Installation, url: string): Promise<BareNode> {
  await operate(installation, "merchant", "add", "shop-1", "Corner shop");
  const issued = await operate(installation, "node", "code", "shop-1", "till");
  const node = await BareNode.enrol(url, (issued as { code: string }).code);
  await node.openSession();
  return node;
}
