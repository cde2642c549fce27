/**
 * A whole server that pays through a provider outside of it, seen by who calls it: an institution over HTTP, and the node
 * of a merchant. The provider is simulated.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { SimulatedProvider } from "../../test/support/gateways.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundFsp, fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { listOpenPayouts, putFsp } from "../postgres/payment-admin.ts";
import { putMerchant, putVoucherGroup, setMerchantStatus, trialBalance } from "../postgres/registry-admin.ts";
import type { PaymentGateway } from "./gateway.ts";
import { payClaim } from "./settle-claim.ts";

let server: TestServer;
let node: BareNode;
let provider: SimulatedProvider;
/** What the provider waits for before it books a credit. */
let free: Promise<void>;
let callerWaitsMs: number;

const gateway: PaymentGateway = {
  isExternal: true,
  get callerWaitsMs() {
    return callerWaitsMs;
  },
  async credit(payout) {
    await free;
    return provider.credit(payout);
  },
  outcomeOf: (payout) => provider.outcomeOf(payout),
};

beforeAll(async () => {
  server = await startTestServer({ gateway });
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putFsp(pool, { id: "poor", name: "Poor Bank" });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"], fspId: "poor" });
  await putMerchant(pool, { id: "shop-2", name: "Shop 2", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  node = await enrol("shop-1");
});

beforeEach(() => {
  provider = new SimulatedProvider();
  free = Promise.resolve();
  callerWaitsMs = 60_000;
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("a provider that takes longer than a caller waits", () => {
  test("the caller is told 504, and under the same request id later that it is paid, once", async () => {
    const hold = Promise.withResolvers<void>();
    [free, callerWaitsMs] = [hold.promise, 20];
    const voucher = await activated();
    const requestID = server.institution.nextRequestId();
    const redeem = () => server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2", requestID);
    expect(await redeem()).toMatchObject({ status: 504, body: { requestID } });
    expect(await redeem()).toMatchObject({ status: 504 });
    const other = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(other.body).toMatchObject({ status: 0, message: "BEING_PAID" });
    hold.resolve();
    const paid = await vi.waitUntil(async () => {
      const answer = await redeem();
      return answer.status === 200 && answer;
    });
    expect(paid.body).toMatchObject({ status: 1, message: "REDEEMED", value: 7 });
    expect((await redeem()).body["transactionId"]).toBe(paid.body["transactionId"]);
    expect([...provider.credited]).toEqual([["shop-2", 700n]]);
  });

  test("a node has its verdict without the payout, which is listed as open until the provider answers", async () => {
    await fundProvider("t-slow");
    const hold = Promise.withResolvers<void>();
    [free, callerWaitsMs] = [hold.promise, 20];
    const voucher = await leased();
    const { verdicts } = await node.upload([node.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied", reason: null }]);
    expect(await openPayout(voucher)).toMatchObject({ state: "claimed", merchantId: "shop-1" });
    hold.resolve();
    await vi.waitUntil(async () => (await openPayout(voucher)) === undefined);
    expect([...provider.credited]).toEqual([["shop-1", 700n]]);
  });
});

describe("a node of a merchant whose FSP is short of money", () => {
  test("has its offline redemption accepted; it is owed, shown with its reason, and paid when there is money", async () => {
    const voucher = await leased();
    const { verdicts } = await node.upload([node.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied", reason: null }]);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    const owed = await openPayout(voucher);
    expect(owed).toMatchObject({ state: "owed", tries: 1, reason: "the FSP has too little liquidity" });
    expect(provider.arrivals).toEqual([]);
    await fundProvider("t-owed");
    // The payout's job does the same within a minute.
    expect(await payClaim(testStore(server.client.pool), gateway, owed?.claimId ?? "")).toBe("paid");
    expect(await openPayout(voucher)).toBeUndefined();
    expect([...provider.credited]).toEqual([["shop-1", 700n]]);
  });

  test("has a redemption that waits for the answer refused, and the voucher stays activated", async () => {
    const voucher = await activated();
    const { verdicts } = await node.upload([node.redeem(voucher, { mode: "online", epoch: null })]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "rejected", reason: "fsp-funds-short" }]);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Activated");
    const elsewhere = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(elsewhere.body).toMatchObject({ message: "REDEEMED" });
  });
});

describe("a redemption of a node that waits for the answer", () => {
  const redeemOnline = async (voucher: IssuedVoucher) => {
    const { verdicts } = await node.upload([node.redeem(voucher, { mode: "online", epoch: null })]);
    return verdicts?.verdicts[0];
  };

  test("4.5: whose receipt says `applied` is never taken back: a payout that fails is owed, and the voucher is consumed", async () => {
    await fundProvider("t-refused");
    provider = new SimulatedProvider(["fails"]);
    const voucher = await activated();
    expect(await redeemOnline(voucher)).toMatchObject({ status: "applied" });
    const elsewhere = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(elsewhere.body).toMatchObject({ message: "ALREADY_USED" });
    const owed = await openPayout(voucher);
    expect(owed).toMatchObject({ state: "owed", reason: "the provider refuses" });
    expect(await payClaim(testStore(server.client.pool), gateway, owed?.claimId ?? "")).toBe("paid");
    expect([...provider.credited]).toEqual([["shop-1", 700n]]);
  });

  test("is rejected where the merchant's account is closed, and the voucher stays activated", async () => {
    const { pool } = server.client;
    const voucher = await activated();
    await setMerchantStatus(pool, "shop-1", "closed");
    expect(await redeemOnline(voucher)).toMatchObject({
      status: "rejected",
      reason: "merchant-not-creditable",
    });
    await setMerchantStatus(pool, "shop-1", "active");
    expect(await server.institution.status(voucher.serialNumber)).toBe("Activated");
  });
});

async function activated(): Promise<IssuedVoucher> {
  return activate({});
}

async function leased(): Promise<IssuedVoucher> {
  return activate({ leaseTo: node.identity.nodeId });
}

async function activate(lease: { readonly leaseTo?: string }): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const { failedCases } = await server.institution.activate([voucher.serialNumber], lease);
  expect(failedCases).toEqual([]);
  return voucher;
}

function fundProvider(reference: string): Promise<void> {
  return fundForTest(server.client.pool, fundFsp(reference, "poor", { amountMinor: 700n, currency: "USD" }));
}

async function openPayout(voucher: IssuedVoucher) {
  const payouts = await listOpenPayouts(server.client.pool);
  return payouts.find(({ serial }) => serial === BigInt(voucher.serialNumber));
}

async function enrol(merchantId: string): Promise<BareNode> {
  const code = await issueEnrolmentCode(
    testStore(server.client.pool),
    (length) => new Uint8Array(randomBytes(length)),
    { merchantId, nodeName: "till", validHours: 1 },
  );
  return BareNode.enrol(server.url, code);
}
