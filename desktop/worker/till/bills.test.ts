/** An agent's till behind the page: bills found and paid, asked twice, given back, and who may see which. */
import { expect, test } from "vitest";
import { encodeBillStatement } from "#sync/documents/bill-statement.ts";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import { dueBill, power, tellBills } from "../../../test/support/agent-desk.ts";
import { testVoucher } from "../../../test/support/authority.ts";
import { openDesk, openDeskWithAnn, passphrase, startServer } from "../../../test/support/desk.ts";
import type { OpenDesk } from "../../../test/support/desk.ts";
import type { BillPaymentDetail } from "../../protocol.ts";

const [first, second] = ["EL12345674", "EL00000018"];
const usd = (amount: string) => ({ amount, currency: "USD" });
let requests = 0;
const id = () => `00000000-0000-4000-8000-${String(++requests).padStart(12, "0")}`;

async function agent(): Promise<OpenDesk> {
  const desk = await openDeskWithAnn(await startServer(), [testVoucher(31n, { amountMinor: 1250n })]);
  tellBills(desk, {
    bills: [dueBill(first, { payerName: "Asha Mwangi", area: "Kisumu" }), dueBill(second)],
  });
  return desk;
}

const order = (more: object = {}) => ({
  request: id(),
  billId: first,
  voucher: null,
  ...usd("12.50"),
  ...more,
});

async function taken(desk: OpenDesk, more: object = {}): Promise<number> {
  const answer = await desk.ask("pay-bill", order(more));
  if (!answer.ok) throw new Error(answer.code);
  return answer.payment.sequence;
}

async function detail(desk: OpenDesk, sequence: number): Promise<BillPaymentDetail> {
  const answer = await desk.ask("bill-payment", { sequence });
  if (!answer.ok) throw new Error(answer.code);
  return answer;
}

function rejecting(desk: OpenDesk, reason = "bill-paid"): void {
  desk.server.judge = ({ body }): Partial<Verdict> =>
    body.type === "refund-bill" ? {} : { status: "rejected", reason };
}

test("a till without billers knows nothing of bills; with one it does, for as long as anything of it is there", async () => {
  const desk = await openDeskWithAnn(await startServer());
  expect((await desk.ask("state", {})).bills).toBeNull();
  tellBills(desk, { bills: [dueBill(first)] });
  expect((await desk.ask("state", {})).bills).toEqual({ toGiveBack: 0 });
  await taken(desk);
  tellBills(desk, { billers: [], bills: [] });
  expect((await desk.ask("state", {})).bills).toEqual({ toGiveBack: 0 });
});

test("bills are found by the beginning of their number and by a part of the payer's name, with the age of what is known", async () => {
  const desk = await agent();
  const found = async (search: string) =>
    (await desk.ask("find-bills", { search })).bills.map(({ billId }) => billId);
  expect(await found("el123")).toEqual([first]);
  expect(await found("MWANG")).toEqual([first]);
  expect(await found("345674")).toEqual([]);
  expect(await found("")).toHaveLength(2);
  const { asOfMs, bills } = await desk.ask("find-bills", { search: first });
  expect(asOfMs).toBe(desk.clock.wallMs());
  expect(bills[0]).toMatchObject({ payerName: "Asha Mwangi", billerName: "Power company", ...usd("12.50") });
});

test("what is due is the biller's day's amount, and its days overdue are told", async () => {
  const desk = await agent();
  tellBills(desk, {
    bills: [dueBill(first, { dueOn: "2001-01-02" }), dueBill(second, { dueOn: "2999-01-01" })],
  });
  expect(await desk.ask("bill", { billId: first })).toMatchObject({
    state: "overdue",
    onDue: "12.50",
    afterDue: "15.00",
    amount: "15.00",
  });
  expect(await desk.ask("bill", { billId: second })).toMatchObject({
    state: "open",
    amount: "12.50",
    daysOverdue: 0,
  });
  expect(await desk.ask("bill", { billId: "EL99999997" })).toMatchObject({ code: "unknown-bill" });
  expect(await desk.ask("bill", { billId: "WA1" })).toMatchObject({ code: "unknown-biller" });
});

test("cash is pending, takes of the float and fills the drawer; what was shown is what is taken", async () => {
  const desk = await agent();
  expect(await desk.ask("check-bill", { billId: first, voucher: null })).toMatchObject({
    ok: true,
    float: { left: "100.00", after: "87.50" },
  });
  expect(await desk.ask("pay-bill", order(usd("12.00")))).toMatchObject({
    code: "amount-changed",
    details: { due: "12.50" },
  });
  const sequence = await taken(desk);
  expect(await detail(desk, sequence)).toMatchObject({
    standing: "pending",
    payerName: "Asha Mwangi",
    actor: "Ann",
    ...usd("12.50"),
    hasReceipt: false,
  });
  expect(await desk.ask("bill-desk", {})).toMatchObject({ floats: [{ left: "87.50", most: "87.50" }] });
  expect((await desk.ask("state", {})).shift?.cash).toMatchObject([{ forBills: "12.50", expected: "12.50" }]);
  expect((await desk.ask("state", {})).sync?.queuedSums).toEqual([{ count: 1, ...usd("12.50") }]);
});

test("asked again under the same id, at once, later and after a restart, it is one payment with one answer", async () => {
  const desk = await agent();
  const same = order();
  const [one, two] = await Promise.all([desk.ask("pay-bill", same), desk.ask("pay-bill", same)]);
  expect(one).toMatchObject({ ok: true });
  expect(two).toEqual(one);
  expect(await desk.ask("pay-bill", order())).toMatchObject({ code: "paid-here", details: { actor: "Ann" } });
  expect(await desk.ask("pay-bill", { ...same, billId: second })).toMatchObject({ code: "request-used" });
  // Rejected, the bill could be taken again; the old request still is the old one.
  rejecting(desk);
  await desk.ask("sync", {});
  await desk.close();
  const again = await openDesk({ directory: desk.directory });
  await again.ask("unlock", { passphrase });
  await again.ask("sign-in", { cashier: 1, pin: "4711" });
  expect(await again.ask("pay-bill", same)).toMatchObject({
    ok: true,
    payment: { sequence: 1, standing: "refund" },
  });
  expect(again.stores.queue.head().sequence).toBe(1);
});

test("a voucher pays its exact value under a lease, and is free again when the payment is rejected", async () => {
  const desk = await agent();
  const { number } = testVoucher(31n, { amountMinor: 1250n });
  const voucher = { serial: "31", token: null, number };
  expect(await desk.ask("check-bill", { billId: first, voucher })).toMatchObject({
    ok: true,
    serial: "0000000031",
    float: null,
  });
  const sequence = await taken(desk, { voucher });
  expect(await detail(desk, sequence)).toMatchObject({ serial: "0000000031", standing: "pending" });
  expect(await desk.ask("redeem", voucher)).toMatchObject({ refusal: { code: "pays-a-bill-here" } });
  // It is reserved for the bill, and for nothing else.
  expect((await desk.ask("state", {})).sync?.leases).toBe(0);
  rejecting(desk, "rejected-by-biller");
  await desk.ask("sync", {});
  expect(await detail(desk, sequence)).toMatchObject({
    standing: "ended",
    reason: "rejected-by-biller",
    hasReceipt: true,
  });
  expect((await desk.ask("state", {})).bills).toEqual({ toGiveBack: 0 });
  expect((await desk.ask("state", {})).shift?.cash).toEqual([]);
  expect((await desk.ask("state", {})).sync?.leases).toBe(1);
});

test("cash that lost is listed with who was first, when and how much, and is given back once", async () => {
  const desk = await agent();
  const sequence = await taken(desk);
  rejecting(desk);
  const told = {
    sequence,
    billId: first,
    amountMinor: 1250n,
    currency: "USD",
    reason: "bill-paid",
    listedAtMs: 5,
    refundedAtMs: null,
    refundedBy: null,
    first: {
      takenBy: "River market",
      atMs: 7,
      amountMinor: 1250n,
      currency: "USD",
      means: "cash",
      reference: "r-1",
    },
  } as const;
  desk.server.intercept = ({ url }, response) => {
    if (url !== "/v1/bill-statement") return false;
    response.writeHead(200).end(encodeBillStatement({ refunds: [told], topUps: [] }));
    return true;
  };
  await desk.ask("sync", {});
  const { payments } = await desk.ask("bill-refunds", {});
  expect(payments).toMatchObject([
    { sequence, first: { takenBy: "River market", atMs: 7, ...usd("12.50") } },
  ]);
  expect((await desk.ask("state", {})).bills).toEqual({ toGiveBack: 1 });
  const refund = { request: id(), sequence };
  expect(await desk.ask("refund-bill", refund)).toEqual({ ok: true });
  expect(await desk.ask("refund-bill", refund)).toEqual({ ok: true });
  expect(await desk.ask("refund-bill", { request: id(), sequence })).toMatchObject({ code: "refunded-here" });
  expect((await desk.ask("state", {})).bills).toEqual({ toGiveBack: 0 });
  expect(await detail(desk, sequence)).toMatchObject({ standing: "ended", givenBack: { by: "Ann" } });
  expect((await desk.ask("state", {})).shift?.cash).toMatchObject([
    { forBills: "12.50", givenBack: "12.50", expected: "0.00" },
  ]);
  await desk.ask("sync", {});
  expect(desk.server.chain.map(({ operation }) => operation.body.type)).toEqual(["pay-bill", "refund-bill"]);
  expect(desk.stores.refunds.ofPayment(sequence)?.state).toBe("applied");
});

test("nothing is given back of what is pending, paid, a voucher's, or not there; the database holds the same", async () => {
  const desk = await agent();
  const sequence = await taken(desk);
  const refused = async (of: number) => desk.ask("refund-bill", { request: id(), sequence: of });
  expect(await refused(sequence)).toMatchObject({ code: "nothing-to-refund" });
  expect(await refused(99)).toMatchObject({ code: "no-such-payment" });
  await desk.ask("sync", {});
  expect(await refused(sequence)).toMatchObject({ code: "nothing-to-refund" });
  expect(() =>
    desk.stores.refunds.insert({
      sequence,
      payment: sequence,
      request: null,
      amountMinor: 1250n,
      currency: "USD",
      actor: "Ann",
      shift: null,
    }),
  ).toThrow("only cash that paid nothing");
  expect(desk.stores.queue.head().sequence).toBe(1);
});

test("history and totals keep the standings apart, by biller and by cashier and shift", async () => {
  const desk = await agent();
  rejecting(desk);
  const lost = await taken(desk);
  await desk.ask("sync", {});
  const pending = await taken(desk, { billId: second });
  const shown = async (state: "all" | "pending" | "refund" | "settled", search = "") =>
    (await desk.ask("bill-history", { search, state, before: null })).payments.map((one) => one.sequence);
  expect(await shown("all")).toEqual([pending, lost]);
  expect(await shown("pending")).toEqual([pending]);
  expect(await shown("refund")).toEqual([lost]);
  expect(await shown("settled")).toEqual([]);
  expect(await shown("all", "el000")).toEqual([pending]);
  const totals = await desk.ask("bill-totals", { fromMs: 0, untilMs: desk.clock.wallMs() + 60_000 });
  expect(totals.totals).toEqual({
    pending: [{ count: 1, ...usd("12.50") }],
    refund: [{ count: 1, ...usd("12.50") }],
    settled: [],
    ended: [],
  });
  expect(totals.billers).toMatchObject([
    { billerName: "Power company", standing: "pending", means: "cash" },
    { billerName: "Power company", standing: "refund" },
  ]);
  const shiftMs = (await desk.ask("state", {})).shift?.openedMs;
  expect(totals.cashiers).toMatchObject([
    { actor: "Ann", shiftMs, standing: "pending" },
    { actor: "Ann", shiftMs, standing: "refund" },
  ]);
});

test("without a proper id, or with something else than a bill's number, nothing is taken", async () => {
  const desk = await agent();
  expect(await desk.problem("pay-bill", { ...order(), request: "again" })).toBe("malformed");
  expect(await desk.problem("pay-bill", order({ billId: "EL 1; drop" }))).toBe("malformed");
  expect(await desk.problem("refund-bill", { request: "", sequence: 1 })).toBe("malformed");
  await desk.ask("sign-out", { endShift: false });
  expect(await desk.problem("pay-bill", order())).toBe("not-possible-now");
  expect(power.prefix).toBe("EL");
});
