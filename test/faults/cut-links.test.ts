/** The link between a till and its server, lost in one direction or both: the till says so, and nothing happens twice. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { fundGroup } from "../../node-server/ledger/entries.ts";
import { putVoucherGroup, trialBalance } from "../../node-server/postgres/registry-admin.ts";
import { fundForTest } from "../support/funding.ts";
import type { IssuedVoucher } from "../support/institution.ts";
import { createLink } from "../support/link.ts";
import type { Link } from "../support/link.ts";
import { enrolRealTill } from "../support/real-till.ts";
import type { RealTill } from "../support/real-till.ts";
import { startTestServer } from "../support/server.ts";
import type { TestServer } from "../support/server.ts";
import { putMerchant } from "../../node-server/postgres/registry-admin.ts";

let folder: string;
let server: TestServer;
let link: Link;
let till: RealTill;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paypost-cut-links-"));
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  link = await createLink(server.url);
});

beforeEach(async () => {
  till = await enrolRealTill({ ...server, url: link.url }, "shop-1");
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await link.cut();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["the request never arrives", "to-server", 0],
  ["the answer never comes back", "to-node", 2],
] as const)(
  "%s: the till keeps everything, and has each verdict once when the link is back",
  async (_what, direction, storedMeanwhile) => {
    const vouchers = await leaseVouchers(2);
    await till.node.sync();
    for (const voucher of vouchers) expect(await till.redeem(voucher)).toMatchObject({ kind: "accepted" });

    link.lose(direction);
    const syncing = till.node.sync();
    await link.lost();
    // What was decided meanwhile is known to the server alone.
    await expect.poll(() => storedOf(till.nodeId), { timeout: 20_000 }).toBe(storedMeanwhile);
    await link.cut();
    expect(await syncing).toMatchObject({ upload: { sent: 0, problem: { code: "unreachable" } } });
    expect(till.stores.redemptions.countByState()).toMatchObject({ queued: 2, applied: 0 });
    await link.join();

    expect(await till.node.sync()).toMatchObject({ upload: { sent: 2, applied: 2, problem: undefined } });
    expect(await till.node.sync()).toMatchObject({ upload: { sent: 0, applied: 0 } });
    await expectPaidOnce(vouchers);
  },
);

test("an online redemption whose answer is lost says that it is not known, and is paid once when the verdict is in", async () => {
  const [voucher] = await issueVouchers(1, {});
  if (!voucher) throw new Error("no voucher was made");
  await till.node.sync();
  const redeeming = till.redeem(voucher, { offline: false, token: voucher.token });
  // The upload before it, and the question who holds the voucher, are answered.
  await expect.poll(() => till.stores.queue.head().sequence, { interval: 1, timeout: 20_000 }).toBe(1);
  link.lose("to-node");
  await expect.poll(() => storedOf(till.nodeId), { timeout: 20_000 }).toBe(1);
  await link.cut();
  const outcome = await redeeming;
  expect(["not-known-yet", "accepted"]).toContain(outcome.kind);
  expect(await till.redeem(voucher, { token: voucher.token })).toMatchObject({
    refusal: { code: outcome.kind === "accepted" ? "already-redeemed-here" : "verdict-awaited" },
  });
  await link.join();
  await till.node.sync();
  expect(till.stores.redemptions.countByState()).toMatchObject({ queued: 0, applied: 1 });
  await expectPaidOnce([voucher]);
});

async function storedOf(nodeId: string): Promise<number> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(
    "select count(*) from operations where node_id = $1 and state <> 'received'",
    [nodeId],
  );
  return Number(rows[0]?.count ?? -1n);
}

async function expectPaidOnce(vouchers: readonly IssuedVoucher[]): Promise<void> {
  const serials = vouchers.map(({ serialNumber }) => BigInt(serialNumber));
  const { rows } = await server.client.pool.query<{ voucher_serial: bigint; count: bigint }>(
    "select voucher_serial, count(*) from claims where state = 'paid' and voucher_serial = any($1) group by 1 order by 1",
    [serials],
  );
  expect(rows).toEqual(serials.map((serial) => ({ voucher_serial: serial, count: 1n })));
}

function leaseVouchers(count: number) {
  return issueVouchers(count, { leaseTo: till.nodeId });
}

async function issueVouchers(count: number, lease: { readonly leaseTo?: string }) {
  const made = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  const { vouchers } = await server.institution.activate(
    made.map(({ serialNumber }) => serialNumber),
    lease,
  );
  const tokens = new Map(vouchers.map(({ serialNumber, token }) => [serialNumber, token]));
  return made.map((voucher) => ({ ...voucher, token: tokens.get(voucher.serialNumber) ?? "" }));
}
