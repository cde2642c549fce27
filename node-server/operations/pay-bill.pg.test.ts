/** Bills paid at nodes, by cash within an agent's float and by leased vouchers, with a biller that answers over HTTP. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { BillParty, isAdvice, link, registerBiller, registerPayerFi } from "../../test/support/bill-party.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundFloat } from "../ledger/bill-entries.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { listFloats, listRefunds, markRefunded, putAgentBiller } from "../postgres/agent-admin.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { decideHeld, proposeDecision, withdrawProposal } from "./decide-held.ts";

let server: TestServer;
let power: BillParty;
let bank: BillParty;
let first: BareNode;
let second: BareNode;
let bills = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  power = await BillParty.start("power", server);
  bank = await BillParty.start("bank", server);
  await registerBiller(pool, power, { prefix: "EL", voucherGroups: ["FOO"] });
  await registerPayerFi(pool, bank);
  await link(pool, power, bank);
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(pool, fundGroup("t", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  for (const id of ["agent-1", "agent-2"]) {
    await putMerchant(pool, { id, name: id, accepts: ["FOO"] });
    await putAgentBiller(pool, { merchantId: id, billerId: "power", area: null });
  }
  first = await enrol("agent-1");
  second = await enrol("agent-2");
});

beforeEach(() => {
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
});

afterAll(async () => {
  for (const party of [power, bank]) await party?.close();
  await server?.close();
});

async function enrol(merchantId: string): Promise<BareNode> {
  const wish = { merchantId, nodeName: "till", validHours: 1 };
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const code = await issueEnrolmentCode(testStore(server.client.pool), random, wish);
  return BareNode.enrol(server.url, code);
}

async function newBill(amountOnDueDate = 20, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  bills++;
  const billId = `EL-${bills}`;
  const told = await power.call("POST", `/bills/${billId}`, {
    billDetails: { amountOnDueDate, currency: "USD", ...more },
  });
  expect(told.status).toBe(202);
  return billId;
}

async function balance(account: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find(({ id }) => id === account)?.amountMinor ?? 0n;
}

let references = 0;

function payIn(merchantId: string, amountMinor: bigint, debtMinor = 0n): Promise<void> {
  references++;
  const money = { amountMinor, currency: "USD" };
  return fundForTest(server.client.pool, fundFloat(`r-${references}`, merchantId, money, debtMinor));
}

async function verdictOf(node: BareNode, operation: SignedOperation): Promise<Verdict | undefined> {
  const { verdicts } = await node.upload([operation]);
  return verdicts?.verdicts[0];
}

/** The verdict that came after the upload was answered, by the node's `verdicts` shape. */
async function laterVerdict(node: BareNode, { sequence }: SignedOperation): Promise<Verdict | undefined> {
  const read = () =>
    server.client.pool.query<{ verdict_list: string }>(
      `select verdict_list from shape_verdicts where node_id = $1 and sequence = $2`,
      [node.identity.nodeId, sequence],
    );
  await expect.poll(async () => (await read()).rowCount, { timeout: 30_000 }).toBe(1);
  const text = (await read()).rows[0]?.verdict_list ?? "";
  const list = await node.readVerdicts(new Uint8Array(Buffer.from(text, "base64")));
  return list.verdicts[0];
}

async function refundsOf(billId: string) {
  return (await listRefunds(server.client.pool, true)).filter((refund) => refund.billId === billId);
}

describe("cash for a bill", () => {
  test("waits for the biller out of the agent's float, is applied with its answer, and pays the bill", async () => {
    await payIn("agent-1", 5_000n);
    const billId = await newBill();
    const before = await balance("float:agent-1:USD");
    const operation = first.payBill(billId, 2000n);
    const held = await verdictOf(first, operation);
    expect(held).toMatchObject({ status: "held", reason: "awaiting-biller" });
    expect(held?.transactionId).toHaveLength(12);
    const verdict = await laterVerdict(first, operation);
    expect(verdict).toMatchObject({ status: "applied", reason: null, transactionId: held?.transactionId });
    expect(await balance("float:agent-1:USD")).toBe(before - 2000n);
    expect(await verdictOf(first, operation)).toMatchObject({ status: "applied", duplicate: true });
    const advice = await power.adviceOf(held?.transactionId ?? "");
    expect(advice.body).toMatchObject({ billId, amount: 20, currency: "USD" });
    expect(await refundsOf(billId)).toEqual([]);
  });

  test("taken by two agents pays once; the other is told who was first, and lists what it gives back", async () => {
    const billId = await newBill();
    const before = await balance("float:agent-2:USD");
    const [one, two] = [first.payBill(billId, 2000n), second.payBill(billId, 2000n)];
    await verdictOf(first, one);
    const lost = await verdictOf(second, two);
    expect(lost).toMatchObject({ status: "rejected", reason: "bill-paid", evidence: one.hash });
    expect(await balance("float:agent-2:USD")).toBe(before);
    const [refund, ...others] = await refundsOf(billId);
    expect(others).toEqual([]);
    expect(refund).toMatchObject({
      merchantId: "agent-2",
      amountMinor: 2000n,
      currency: "USD",
      reason: "bill-paid",
      reference: lost?.transactionId,
      refundedBy: null,
    });
    const { pool } = server.client;
    expect(await markRefunded(pool, refund?.paymentId ?? 0n, "Amina")).toBe(true);
    expect(await markRefunded(pool, refund?.paymentId ?? 0n, "Amina")).toBe(false);
    expect(await laterVerdict(first, one)).toMatchObject({ status: "applied" });
  });

  test("for a bill that a payer FI has paid is rejected, and a payer FI is Dup after an agent", async () => {
    const billId = await newBill();
    const { requestId } = await bank.inquire(billId);
    const paid = await bank.pay(billId, requestId);
    await bank.answerTo(paid.requestId);
    expect(await verdictOf(first, first.payBill(billId, 2000n))).toMatchObject({ reason: "bill-paid" });
    expect(await refundsOf(billId)).toHaveLength(1);
    const other = await newBill();
    const { requestId: inquiry } = await bank.inquire(other);
    const operation = first.payBill(other, 2000n);
    await verdictOf(first, operation);
    const second = await bank.pay(other, inquiry);
    expect((await bank.answerTo(second.requestId)).body).toMatchObject({
      status: "RJC",
      rejectReason: "Dup",
    });
  });

  test("beyond the float is the agent's debt, and the citizen's bill is paid; what it pays in settles the debt first", async () => {
    await emptyFloat("agent-2");
    await payIn("agent-2", 1_500n);
    const billId = await newBill();
    const operation = second.payBill(billId, 2000n);
    await verdictOf(second, operation);
    expect(await laterVerdict(second, operation)).toMatchObject({ status: "applied" });
    const floats = async () =>
      (await listFloats(server.client.pool)).find(({ merchantId }) => merchantId === "agent-2");
    expect(await floats()).toMatchObject({ floatMinor: 0n, debtMinor: 500n });
    await payIn("agent-2", 800n, 500n);
    expect(await floats()).toMatchObject({ floatMinor: 300n, debtMinor: 0n });
  });

  test("that the biller rejects comes back to float and debt as it was, and is listed for refund", async () => {
    power.react = (message) => isAdvice(message) && power.settle(message, "RJC", "Def");
    await emptyFloat("agent-2");
    await payIn("agent-2", 1_500n);
    const billId = await newBill();
    const operation = second.payBill(billId, 2000n);
    await verdictOf(second, operation);
    expect(await laterVerdict(second, operation)).toMatchObject({
      status: "rejected",
      reason: "rejected-by-biller",
    });
    expect(await balance("float:agent-2:USD")).toBe(1_500n);
    expect(await balance("external:agent-debt-agent-2:USD")).toBe(0n);
    expect(await refundsOf(billId)).toMatchObject([{ merchantId: "agent-2", amountMinor: 2000n }]);
  });

  test("of a wrong amount, for another's bill or for none is rejected and listed; for nobody's it is held for people", async () => {
    const billId = await newBill();
    const { pool } = server.client;
    for (const [bill, amountMinor, reason] of [
      [billId, 1_999n, "wrong-bill-amount"],
      ["EL-none", 2_000n, "unknown-bill"],
    ] as const) {
      expect(await verdictOf(first, first.payBill(bill, amountMinor))).toMatchObject({
        status: "rejected",
        reason,
      });
      expect((await refundsOf(bill)).map((refund) => refund.reason)).toContain(reason);
    }
    const nobodys = first.payBill("XX-1", 700n);
    expect(await verdictOf(first, nobodys)).toMatchObject({ status: "held", reason: "unknown-biller" });
    const held = { nodeId: first.identity.nodeId, hash: nobodys.hash };
    const store = testStore(pool);
    await proposeDecision(store, held, { verdict: "reject", because: "a mistake", by: "Amina" });
    expect(await decideHeld(server.context, store, held, "Ben")).toMatchObject({ ok: true });
    await pool.query(`delete from agent_billers where merchant_id = 'agent-1'`);
    expect(await verdictOf(first, first.payBill(billId, 2000n))).toMatchObject({
      reason: "biller-not-linked",
    });
    await putAgentBiller(pool, { merchantId: "agent-1", billerId: "power", area: null });
  });

  test("that people cannot apply, since the bill is paid, is as it was: it can be rejected, and is listed once", async () => {
    const { pool } = server.client;
    const store = testStore(pool);
    const till = await enrol("agent-1");
    const billId = await newBill();
    await revokeNode(store, till.identity.nodeId);
    const late = till.payBill(billId, 2000n);
    expect(await verdictOf(first, first.payBill(billId, 2000n))).toMatchObject({ reason: "awaiting-biller" });
    expect(await verdictOf(till, late)).toMatchObject({ status: "held", reason: "node-revoked" });
    const held = { nodeId: till.identity.nodeId, hash: late.hash };
    await proposeDecision(store, held, { verdict: "apply", because: "the cash was taken", by: "Amina" });
    expect(await decideHeld(server.context, store, held, "Ben")).toEqual({
      ok: false,
      code: "bill-not-payable",
    });
    expect(await refundsOf(billId)).toEqual([]);
    await withdrawProposal(store, held, "Amina");
    await proposeDecision(store, held, { verdict: "reject", because: "it is paid", by: "Amina" });
    expect(await decideHeld(server.context, store, held, "Ben")).toMatchObject({ ok: true });
    expect(await refundsOf(billId)).toHaveLength(1);
  });

  test("of what was due when the node last heard of it is taken, also after the due date", async () => {
    const billId = await newBill(20, { dueDate: "2026-01-31", amountAfterDueDate: 25 });
    const early = first.payBill(billId, 2000n, Date.parse("2026-01-31T20:00:00Z"));
    expect(await verdictOf(first, early)).toMatchObject({ status: "held", reason: "awaiting-biller" });
    const other = await newBill(20, { dueDate: "2026-01-31", amountAfterDueDate: 25 });
    const late = first.payBill(other, 2000n, Date.parse("2026-02-01T20:00:00Z"));
    expect(await verdictOf(first, late)).toMatchObject({ reason: "wrong-bill-amount" });
  });

  test("that waits for its biller is decided by the biller, and not by people", async () => {
    power.react = () => {};
    const billId = await newBill();
    const operation = first.payBill(billId, 2000n);
    const held = await verdictOf(first, operation);
    const name = { nodeId: first.identity.nodeId, hash: operation.hash };
    const proposed = await proposeDecision(testStore(server.client.pool), name, {
      verdict: "reject",
      because: "impatience",
      by: "Amina",
    });
    expect(proposed).toEqual({ ok: false, code: "awaiting-biller" });
    await power.settle(await power.adviceOf(held?.transactionId ?? ""), "ACK");
    expect(await laterVerdict(first, operation)).toMatchObject({ status: "applied" });
  });
});

describe("a leased voucher for a bill", () => {
  async function leasedVoucher(node: BareNode, amount = 20) {
    const [issued] = await server.institution.createVouchers("FOO", [amount]);
    if (!issued) throw new Error("no voucher was made");
    const activated = await server.institution.activate([issued.serialNumber], {
      leaseTo: node.identity.nodeId,
    });
    expect(activated.failedCases).toEqual([]);
    return issued;
  }

  test("is taken with the bill in one decision, and used up with the biller's answer", async () => {
    const voucher = await leasedVoucher(first);
    const billId = await newBill();
    const operation = first.payBillWith(voucher, billId, 2000n);
    expect(await verdictOf(first, operation)).toMatchObject({ status: "held", reason: "awaiting-biller" });
    expect(await laterVerdict(first, operation)).toMatchObject({ status: "applied" });
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    const again = await verdictOf(first, first.redeem(voucher, { amountMinor: 2000n }));
    expect(again).toMatchObject({ status: "rejected", reason: "lease-closed" });
  });

  test("that the biller rejects is free again, and whoever was held for it is judged then", async () => {
    power.react = () => {};
    const voucher = await leasedVoucher(first);
    const billId = await newBill();
    // Another till has the number too: it waits for the lease.
    const rival = second.redeem(voucher, { mode: "online", epoch: null, amountMinor: 2000n });
    expect(await verdictOf(second, rival)).toMatchObject({ reason: "leased-to-another-node" });
    const operation = first.payBillWith(voucher, billId, 2000n);
    const held = await verdictOf(first, operation);
    await power.settle(await power.adviceOf(held?.transactionId ?? ""), "RJC", "Und");
    expect(await laterVerdict(first, operation)).toMatchObject({ reason: "rejected-by-biller" });
    expect(await laterVerdict(second, rival)).toMatchObject({ status: "applied" });
  });

  test("of another value, or for a bill that is paid, stays leased where it is", async () => {
    const voucher = await leasedVoucher(first, 21);
    const billId = await newBill();
    const wrong = await verdictOf(first, first.payBillWith(voucher, billId, 2000n));
    expect(wrong).toMatchObject({ status: "rejected", reason: "wrong-amount" });
    const other = await newBill(21);
    await verdictOf(first, first.payBill(other, 2100n));
    const paid = await verdictOf(first, first.payBillWith(voucher, other, 2100n));
    expect(paid).toMatchObject({ status: "rejected", reason: "bill-paid" });
    const { rowCount } = await server.client.pool.query(
      `select from leases where voucher_serial = $1 and closed_at is null`,
      [BigInt(voucher.serialNumber)],
    );
    expect(rowCount).toBe(1);
  });
});

describe("what a node sees", () => {
  async function shape(name: string, node: BareNode): Promise<Record<string, string>[]> {
    await node.openSession();
    const response = await fetch(`${server.url}/v1/shapes/${name}?offset=-1`, {
      headers: { authorization: node.authorization },
    });
    const messages = (await response.json()) as { value?: Record<string, string> }[];
    return messages.flatMap(({ value }) => (value ? [value] : []));
  }

  test("are its agent's billers, their bills as they stand, and the float with how far its operations are in it", async () => {
    await payIn("agent-1", 10_000n);
    const billId = await newBill(20, { payerName: "Asha", area: "Kisumu", dueDate: "2026-12-31" });
    const row = {
      node_id: first.identity.nodeId,
      bill_id: billId,
      biller_id: "power",
      payer_name: "Asha",
      area: "Kisumu",
      currency: "USD",
      amount_on_due: "2000",
      amount_after_due: "2000",
      due_on: "2026-12-31",
    };
    const seen = async () => (await shape("bills", first)).filter((bill) => bill["bill_id"] === billId);
    expect(await seen()).toEqual([{ ...row, status: "open" }]);
    expect(await shape("billers", first)).toMatchObject([
      { biller_id: "power", prefix: "EL", check_digit: "none", voucher_groups: "FOO" },
    ]);
    power.react = () => {};
    const operation = first.payBill(billId, 2000n);
    const held = await verdictOf(first, operation);
    expect(await seen()).toEqual([{ ...row, status: "beingPaid" }]);
    const [float] = await shape("floats", first);
    expect(float).toMatchObject({
      currency: "USD",
      float_minor: String(await balance("float:agent-1:USD")),
      counted: String(operation.sequence),
    });
    await power.settle(await power.adviceOf(held?.transactionId ?? ""), "ACK");
    await laterVerdict(first, operation);
    expect(await seen()).toEqual([{ ...row, status: "paid" }]);
  });

  test("are bills of its area only where one is named, and none of a biller that it takes nothing for", async () => {
    const { pool } = server.client;
    const far = await newBill(20, { area: "Mombasa" });
    const near = await newBill(20, { area: "Kisumu" });
    const seen = async () => (await shape("bills", second)).map((bill) => bill["bill_id"]);
    await putAgentBiller(pool, { merchantId: "agent-2", billerId: "power", area: "Kisumu" });
    expect(await seen()).toContain(near);
    expect(await seen()).not.toContain(far);
    await power.call("POST", `/bills/${near}`, {
      billDetails: { amountOnDueDate: 20, currency: "USD", area: "Kisumu", billStatus: "withdrawn" },
    });
    expect(await seen()).not.toContain(near);
    await pool.query(`delete from agent_billers where merchant_id = 'agent-2'`);
    expect(await seen()).toEqual([]);
    expect(await shape("billers", second)).toEqual([]);
    await putAgentBiller(pool, { merchantId: "agent-2", billerId: "power", area: null });
    expect(await seen()).toContain(far);
  });
});

test("and the books balance: floats, debts and billers' money are what the payments say", async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(0n);
  const { rows } = await server.client.pool.query<{ held: bigint }>(
    `select coalesce(sum(amount_minor), 0)::bigint as held from bill_payments where state = 'advised'`,
  );
  expect(await balance("billHeld:power:USD")).toBe(rows[0]?.held);
});

/** What is left of it goes to bills that nobody asks about. */
async function emptyFloat(merchantId: string): Promise<void> {
  const left = await balance(`float:${merchantId}:USD`);
  if (left === 0n) return;
  const react = power.react;
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
  const billId = await newBill(Number(left) / 100);
  const operation = second.payBill(billId, left);
  await verdictOf(second, operation);
  await laterVerdict(second, operation);
  power.react = react;
}
