/** A till that was away for weeks: within the log's days it goes on, after them it begins again; both times it is right. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { periodicTasks } from "../../node-server/jobs/handlers.ts";
import { fundGroup } from "../../node-server/ledger/entries.ts";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { putMerchant, putVoucherGroup } from "../../node-server/postgres/registry-admin.ts";
import { trimShapeLog } from "../../node-server/postgres/shape-trim.ts";
import { fundForTest, testStore } from "../support/funding.ts";
import { Till } from "../support/installation.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let folder: string;
let till: Till;
let nodeId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paypost-month-away-"));
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food aid", validityDays: 365 });
  await putMerchant(pool, { id: "shop-1", name: "Corner shop", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 100_000n, currency: "USD" }));
  const wish = { merchantId: "shop-1", nodeName: "till", validHours: 1 };
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const code = await issueEnrolmentCode(testStore(pool), random, wish);
  till = new Till("Corner shop", join(folder, "till"));
  const enrolled = await till.run("enrol", "--server", server.url, "--code", code);
  nodeId = String(enrolled.json["nodeId"]);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  { days: 30, goesOn: true },
  { days: 41, goesOn: false },
])(
  "after $days days it has the rows as they are; it goes on from its place: $goesOn",
  async ({ days, goesOn }) => {
    await leaseVouchers(2);
    await sync();
    const before = await handles();
    const rowsBefore = await rowsOfServer();
    expect(await rowsOfTill()).toEqual(rowsBefore);

    // Meanwhile leases come and go, and the days pass in which the log is kept.
    await leaseVouchers(2);
    await server.client.pool.query("delete from shape_leases where node_id = $1 and serial = $2", [
      nodeId,
      BigInt(rowsBefore[0] ?? 0),
    ]);
    await trim();
    await server.client.pool.query(
      "update shape_log set stamped_at = stamped_at - make_interval(days => $1)",
      [days],
    );
    await trim();

    await sync();
    const after = await rowsOfServer();
    expect(after).not.toEqual(rowsBefore);
    expect(await rowsOfTill()).toEqual(after);
    expect((await handles()).length - before.length).toBe(goesOn ? 0 : 1);
  },
);

async function leaseVouchers(count: number): Promise<void> {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(5));
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  const { failedCases } = await server.institution.activate(serials, { leaseTo: nodeId });
  expect(failedCases).toEqual([]);
}

async function sync(): Promise<void> {
  expect(await till.run("sync")).toMatchObject({ code: 0 });
}

/** As the server does it every hour, with its own limits. */
async function trim(): Promise<void> {
  const tasks = periodicTasks({
    store: testStore(server.client.pool),
    context: server.context,
    graceMs: 0,
    trimShapeLog: (limits) => trimShapeLog(server.client.pool, limits),
  });
  await tasks.find(({ name }) => name === "trim-shape-log")?.run();
}

async function handles(): Promise<unknown[]> {
  const { rows } = await server.client.pool.query(
    "select handle from shape_handles where shape = 'leases' and node_id = $1",
    [nodeId],
  );
  return rows;
}

async function rowsOfServer(): Promise<string[]> {
  const { rows } = await server.client.pool.query<{ serial: string }>(
    "select lpad(serial::text, 10, '0') as serial from shape_leases where node_id = $1 order by serial",
    [nodeId],
  );
  return rows.map(({ serial }) => serial);
}

/** A lease whose row is gone stays until its time, but is marked. */
async function rowsOfTill(): Promise<string[]> {
  const { leases } = (await till.run("status")).json as {
    leases: { items: readonly { serial: string; withdrawn: boolean }[] };
  };
  return leases.items
    .filter(({ withdrawn }) => !withdrawn)
    .map(({ serial }) => serial)
    .toSorted();
}
