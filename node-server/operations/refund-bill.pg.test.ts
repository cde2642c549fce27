/** Cash of bills that was given back: said by the till that took it, recorded once, and told to it with who had been first. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { BillParty, isAdvice, registerBiller } from "../../test/support/bill-party.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { billStatementOf } from "../bills/statement.ts";
import { fundFloat } from "../ledger/bill-entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { listRefunds, markRefunded, putAgentBiller } from "../postgres/agent-admin.ts";
import { putMerchant, trialBalance } from "../postgres/registry-admin.ts";
import { decideHeld, proposeDecision } from "./decide-held.ts";

let server: TestServer;
let power: BillParty;
let first: BareNode;
let second: BareNode;
let bills = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  power = await BillParty.start("power", server);
  await registerBiller(pool, power, { prefix: "EL" });
  for (const id of ["agent-1", "agent-2"]) {
    await putMerchant(pool, { id, name: `Agent ${id}`, accepts: [] });
    await putAgentBiller(pool, { merchantId: id, billerId: "power", area: null });
    await fundForTest(pool, fundFloat("t", id, { amountMinor: 50_000n, currency: "USD" }, 0n));
  }
  first = await enrol("agent-1");
  second = await enrol("agent-2");
});

beforeEach(() => {
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
});

afterAll(async () => {
  await power?.close();
  await server?.close();
});

async function enrol(merchantId: string): Promise<BareNode> {
  const wish = { merchantId, nodeName: "till", validHours: 1 };
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  return BareNode.enrol(server.url, await issueEnrolmentCode(testStore(server.client.pool), random, wish));
}

async function verdictOf(node: BareNode, operation: SignedOperation): Promise<Verdict | undefined> {
  return (await node.upload([operation])).verdicts?.verdicts[0];
}

/** The second agent's cash for a bill that the first one's has paid. */
async function lost(): Promise<{ billId: string; payment: SignedOperation; paymentId: bigint }> {
  bills++;
  const billId = `EL-${bills}`;
  await power.call("POST", `/bills/${billId}`, { billDetails: { amountOnDueDate: 20, currency: "USD" } });
  await verdictOf(first, first.payBill(billId, 2000n));
  const payment = second.payBill(billId, 2000n);
  expect(await verdictOf(second, payment)).toMatchObject({ status: "rejected", reason: "bill-paid" });
  const refund = (await listRefunds(server.client.pool, false)).find((one) => one.billId === billId);
  return { billId, payment, paymentId: refund?.paymentId ?? 0n };
}

async function told(node: BareNode) {
  const store = testStore(server.client.pool);
  const row = await store.transaction((tx) => tx.nodes.find(node.identity.nodeId));
  if (!row) throw new Error("no node");
  return billStatementOf(store, row);
}

test("a till is told what it has to give back, and who had taken the bill's money before, when and how much", async () => {
  const { billId, payment } = await lost();
  const { refunds, topUps } = await told(second);
  expect(refunds[0]).toMatchObject({
    sequence: payment.sequence,
    billId,
    amountMinor: 2000n,
    currency: "USD",
    reason: "bill-paid",
    refundedAtMs: null,
    first: { takenBy: "Agent agent-1", means: "cash", amountMinor: 2000n, currency: "USD" },
  });
  expect(Math.abs((refunds[0]?.first?.atMs ?? 0) - Date.now())).toBeLessThan(60_000);
  expect(topUps).toMatchObject([{ amountMinor: 50_000n, settledMinor: 0n, floatMinor: 50_000n }]);
  expect((await told(first)).refunds).toEqual([]);
});

test("what the till says it gave back is recorded with its name, once, and the till hears so", async () => {
  const { billId, payment } = await lost();
  const before = await trialBalance(server.client.pool);
  const refund = second.refundBill(payment, billId, 2000n);
  expect(await verdictOf(second, refund)).toMatchObject({ status: "applied", reason: null });
  expect(await verdictOf(second, refund)).toMatchObject({ status: "applied", duplicate: true });
  expect(await verdictOf(second, second.refundBill(payment, billId, 2000n))).toMatchObject({
    status: "rejected",
    reason: "refunded-before",
  });
  expect((await told(second)).refunds.find((one) => one.billId === billId)).toMatchObject({
    refundedBy: expect.stringContaining("till"),
  });
  expect(await trialBalance(server.client.pool)).toEqual(before);
  expect((await listRefunds(server.client.pool, false)).some((one) => one.billId === billId)).toBe(false);
});

test("an operator's word that was first stands: the till's comes too late, and the other way round", async () => {
  const { pool } = server.client;
  const one = await lost();
  expect(await markRefunded(pool, one.paymentId, "Amina")).toBe(true);
  expect(await verdictOf(second, second.refundBill(one.payment, one.billId, 2000n))).toMatchObject({
    reason: "refunded-before",
  });
  const other = await lost();
  await verdictOf(second, second.refundBill(other.payment, other.billId, 2000n));
  expect(await markRefunded(pool, other.paymentId, "Amina")).toBe(false);
});

test("nothing is given back of what was paid, of another's cash, of another amount, or of what nobody took", async () => {
  const { billId, payment } = await lost();
  const paid = first.payBill(await paidBill(), 2000n);
  await verdictOf(first, paid);
  const nothing = { status: "rejected", reason: "nothing-to-refund" };
  expect(await verdictOf(first, first.refundBill(paid, paidId(), 2000n))).toMatchObject(nothing);
  expect(await verdictOf(first, first.refundBill(payment, billId, 2000n))).toMatchObject(nothing);
  expect(await verdictOf(second, second.refundBill(payment, billId, 2001n))).toMatchObject(nothing);
  expect(await verdictOf(second, second.refundBill(payment, "EL-other", 2000n))).toMatchObject(nothing);
});

test("cash for nobody's bill, which two people rejected, is given back as well, once", async () => {
  const payment = second.payBill("ZZ-1", 500n);
  expect(await verdictOf(second, payment)).toMatchObject({ status: "held", reason: "unknown-biller" });
  const held = { nodeId: second.identity.nodeId, hash: payment.hash };
  const store = testStore(server.client.pool);
  await proposeDecision(store, held, { verdict: "reject", because: "nobody knows it", by: "Amina" });
  expect(await decideHeld(server.context, store, held, "Ben")).toMatchObject({ ok: true });
  expect(await verdictOf(second, second.refundBill(payment, "ZZ-1", 500n))).toMatchObject({
    status: "applied",
  });
  expect(await verdictOf(second, second.refundBill(payment, "ZZ-1", 500n))).toMatchObject({
    reason: "refunded-before",
  });
});

test("two operations that say so at once are one record", async () => {
  const { billId, payment, paymentId } = await lost();
  const outcomes = await Promise.all([
    verdictOf(second, second.refundBill(payment, billId, 2000n)).then(
      (verdict) => verdict?.status === "applied",
    ),
    markRefunded(server.client.pool, paymentId, "Amina"),
  ]);
  expect(outcomes.filter(Boolean)).toHaveLength(1);
});

function paidId(): string {
  return `EL-${bills}`;
}

async function paidBill(): Promise<string> {
  bills++;
  await power.call("POST", `/bills/${paidId()}`, { billDetails: { amountOnDueDate: 20, currency: "USD" } });
  return paidId();
}
