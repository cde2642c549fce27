/** What syncing costs on the line: bytes in both directions with heads and packing, and requests. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { upload } from "#sync/upload.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { createLink } from "../../test/support/link.ts";
import type { Link } from "../../test/support/link.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import type { RealTill } from "../../test/support/real-till.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";

let server: TestServer;
let link: Link;
let till: RealTill;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  link = await createLink(server.url);
  till = await enrolRealTill({ ...server, url: link.url }, "shop-1", { lasting: true });
});

afterAll(async () => {
  till.remove();
  await link.cut();
  await server.close();
});

test("3: 100 redemptions cost at most 300 bytes each and two requests in all, the session's among them", async () => {
  await redeemOffline(100);
  const requests = till.countRequests();
  link.bytesSince();
  const report = await upload(till.uploadParts());
  const { toServer, toNode } = link.bytesSince();
  expect(report).toMatchObject({ sent: 100, applied: 100, problem: undefined });
  const perOperation = (toServer + toNode) / 100;
  console.log(
    `100 redemptions in one batch: ${requests()} requests, ${toServer} bytes to the server, ${toNode} bytes back: ` +
      `${perOperation.toFixed(1)} bytes for each operation`,
  );
  expect(requests()).toBe(2);
  expect(perOperation).toBeLessThanOrEqual(300);
});

test("3: an interrupted upload costs at most the batch in flight", async () => {
  await redeemOffline(150);
  const stored = await storedOf(till.nodeId);
  // The second batch is on its way when the line is cut.
  const cutting = cutAfter(stored + 100);
  const first = await upload(till.uploadParts());
  await cutting;
  expect(first.problem).toMatchObject({ code: "unreachable" });
  await link.join();
  const second = await upload(till.uploadParts());
  expect(second).toMatchObject({ problem: undefined });
  expect(first.sent).toBe(100);
  expect(first.sent + second.sent).toBe(150);
  expect(await storedOf(till.nodeId)).toBe(stored + 150);
});

async function cutAfter(count: number): Promise<void> {
  while ((await storedOf(till.nodeId)) <= count) await new Promise((resolve) => setTimeout(resolve, 5));
  await link.cut();
}

async function storedOf(nodeId: string): Promise<number> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(
    "select count(*) from operations where node_id = $1",
    [nodeId],
  );
  return Number(rows[0]?.count ?? -1n);
}

async function redeemOffline(count: number): Promise<void> {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: till.nodeId });
  await till.node.sync();
  for (const voucher of vouchers) expect((await till.redeem(voucher)).kind).toBe("accepted");
}
