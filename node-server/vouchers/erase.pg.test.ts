import { afterAll, beforeAll, expect, test } from "vitest";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { periodicTasks } from "../jobs/handlers.ts";
import { putVoucherGroup } from "../postgres/registry-admin.ts";
import { daysAfterDelivery } from "./erase.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
});

afterAll(() => server.close());

test("4.4: a number is kept for seven days after its delivery, then erased; the row still tells when that was", async () => {
  const requestID = server.institution.nextRequestId();
  await create(requestID);
  expect(await delivery(requestID)).toMatchObject({ ciphertext: expect.stringMatching(/^.{44}$/) });
  await deliveredDaysAgo(requestID, daysAfterDelivery - 0.01);
  await eraseNumbers();
  expect(await delivery(requestID)).toMatchObject({ ciphertext: expect.stringMatching(/^.{44}$/) });
  await deliveredDaysAgo(requestID, daysAfterDelivery + 0.01);
  await eraseNumbers();
  expect(await delivery(requestID)).toEqual({ ciphertext: null, delivered_at: expect.any(Date) });
});

test("a number that was never delivered is not erased, however old it is", async () => {
  const requestID = server.institution.nextRequestId();
  await create(requestID);
  await server.client.pool.query(
    `update voucher_deliveries set delivered_at = null where serial in (select serial from vouchers v
       join voucher_batches b on b.id = v.batch where b.request_id = $1)`,
    [requestID],
  );
  await eraseNumbers();
  expect(await delivery(requestID)).toMatchObject({ ciphertext: expect.any(String) });
});

test("a callback that is asked for again after that is without the number, and otherwise the same", async () => {
  const requestID = server.institution.nextRequestId();
  const first = await create(requestID);
  await deliveredDaysAgo(requestID, daysAfterDelivery + 1);
  await eraseNumbers();
  const again = await create(requestID);
  const { voucherNumber, ...rest } = (first[0] ?? {}) as Record<string, unknown>;
  expect(voucherNumber).toHaveLength(44);
  expect(again).toEqual([rest]);
});

/** Sends the request, for the first time or once more, and returns the items of the callback that follows. */
async function create(requestID: string): Promise<unknown[]> {
  const isOurs = (callback: { body: Readonly<Record<string, unknown>> }) =>
    callback.body["requestID"] === requestID;
  const before = server.receiver.received.filter(isOurs).length;
  await server.institution.call("POST", "/vouchers", {
    requestID,
    batchID: requestID,
    voucherInstructions: [{ instructionID: "1", groupCode: "FOO", currency: "USD", amount: 3 }],
  });
  const arrived = () => server.receiver.received.filter(isOurs);
  await expect.poll(() => arrived().length, { timeout: 10_000 }).toBeGreaterThan(before);
  await expect.poll(async () => (await delivery(requestID))?.delivered_at).toEqual(expect.any(Date));
  return arrived().at(-1)?.body["voucherInstructions"] as unknown[];
}

async function eraseNumbers(): Promise<void> {
  const tasks = periodicTasks({
    store: testStore(server.client.pool),
    context: server.context,
    graceMs: 0,
    trimShapeLog: () => Promise.resolve(0),
  });
  await tasks.find(({ name }) => name === "erase-delivered-numbers")?.run();
}

async function deliveredDaysAgo(requestID: string, days: number): Promise<void> {
  await server.client.pool.query(
    `update voucher_deliveries set delivered_at = clock_timestamp() - $2 * interval '1 day'
     where serial in (select serial from vouchers v join voucher_batches b on b.id = v.batch
       where b.request_id = $1)`,
    [requestID, days],
  );
}

async function delivery(requestID: string) {
  const { rows } = await server.client.pool.query<{ ciphertext: string | null; delivered_at: Date | null }>(
    `select d.ciphertext, d.delivered_at from voucher_deliveries d join vouchers v on v.serial = d.serial
     join voucher_batches b on b.id = v.batch where b.request_id = $1`,
    [requestID],
  );
  return rows[0];
}
