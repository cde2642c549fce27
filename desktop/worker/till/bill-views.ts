/** What the worker knows of bills and their payments, as the page gets it. */
import { amountDueMinor, isOverdue } from "#core/bill.ts";
import { localDate } from "#core/local-date.ts";
import { formatMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import type { KnownBill } from "#sync/ports/shape-storage.ts";
import { billStandings } from "../../protocol.ts";
import type {
  Bill,
  BillPayment,
  BillPaymentDetail,
  BillStanding,
  BillTotals,
  Float,
  Refused,
} from "../../protocol.ts";
import type { NodeStores } from "../open.ts";
import { floatLeft } from "../pay-bill.ts";
import type { PayBillRefusal } from "../pay-bill.ts";
import type { RefundBillRefusal } from "../refund-bill.ts";
import type { BillPaymentRecord } from "../store/bills.ts";
import type { BillSum } from "../store/bill-history.ts";
import { refusalView, sumView } from "./views.ts";

const dayMs = 86_400_000;

export function billView(stores: NodeStores, bill: KnownBill, nowMs: number): Bill {
  const { billId, billerId, payerName, area, currency, dueOn } = bill;
  const biller = stores.bills.biller(billerId);
  const today = localDate(nowMs, biller?.timeZone ?? "UTC");
  const isLate = isOverdue(bill, today);
  const major = (amountMinor: bigint) => formatMajor({ amountMinor, currency });
  return {
    billId,
    billerName: biller?.name ?? billerId,
    payerName,
    area,
    currency,
    dueOn,
    amount: major(amountDueMinor(bill, today)),
    onDue: major(bill.amountOnDueMinor),
    afterDue: major(bill.amountAfterDueMinor),
    daysOverdue: isLate && dueOn !== null ? Math.round((Date.parse(today) - Date.parse(dueOn)) / dayMs) : 0,
    state: stateOf(stores, bill, isLate),
  };
}

function stateOf(stores: NodeStores, { billId, status }: KnownBill, isLate: boolean): Bill["state"] {
  const here = stores.bills.ofBill(billId).find(({ live }) => live);
  if (status === "paid" || here?.state === "applied") return "paid";
  if (here) return "received";
  if (status === "beingPaid") return "beingPaid";
  return isLate ? "overdue" : "open";
}

export function paymentView(stores: NodeStores, record: BillPaymentRecord): BillPayment {
  const { sequence, billId, billerId, serial, actor, createdMs, state, reason, transactionId, decidedMs } =
    record;
  return {
    sequence,
    billId,
    billerName: stores.bills.biller(billerId)?.name ?? billerId,
    serial: serial === null ? null : formatSerial(serial),
    actor,
    createdMs,
    standing: stores.billHistory.standingOf(sequence) ?? "pending",
    // That its biller is told is how every payment goes, and no reason for anything.
    reason: reason === "awaiting-biller" ? null : reason,
    isHeld: state === "held",
    transactionId,
    decidedMs: state === "queued" || state === "held" ? null : decidedMs,
    amount: formatMajor(record),
    currency: record.currency,
  };
}

export function paymentDetail(stores: NodeStores, record: BillPaymentRecord): BillPaymentDetail {
  const { sequence, operationId, hash, hasVerdict, state } = record;
  const isOver = state !== "queued" && state !== "held";
  const news = stores.refunds.told(sequence);
  const first = news?.first ?? null;
  return {
    ok: true,
    ...paymentView(stores, record),
    payerName: stores.bills.payerOf(sequence),
    operationId,
    hash: Buffer.from(hash).toString("hex"),
    hasReceipt: hasVerdict && isOver,
    first: first && {
      takenBy: first.takenBy,
      atMs: first.atMs,
      means: first.means,
      amount: formatMajor(first),
      currency: first.currency,
    },
    givenBack: givenBackOf(stores, sequence),
  };
}

/** Here, by this till's own word; else as the server tells it. */
function givenBackOf({ refunds }: NodeStores, sequence: number): BillPaymentDetail["givenBack"] {
  const here = refunds.ofPayment(sequence);
  if (here) return { by: here.actor, atMs: here.createdMs };
  const news = refunds.told(sequence);
  if (!news || news.refundedMs === null) return null;
  return { by: news.refundedBy ?? "", atMs: news.refundedMs };
}

export function floatsView(stores: NodeStores): Float[] {
  const topUps = stores.refunds.topUps(20);
  return stores.bills.floats().map(({ currency, debtMinor }) => {
    const major = (amountMinor: bigint) => formatMajor({ amountMinor, currency });
    const leftMinor = floatLeft(stores, currency);
    const filledMinor = topUps.find((topUp) => topUp.currency === currency)?.floatMinor ?? 0n;
    return {
      currency,
      left: major(leftMinor),
      most: major(filledMinor > leftMinor ? filledMinor : leftMinor),
      owed: major(debtMinor),
    };
  });
}

export function billTotalsView(stores: NodeStores, sums: readonly BillSum[]): BillTotals {
  const nameOf = (billerId: string) => stores.bills.biller(billerId)?.name ?? billerId;
  const totalOf = (standing: BillStanding) =>
    grouped(
      sums.filter((sum) => sum.standing === standing),
      ({ currency }) => currency,
    ).map((some) => sumView(added(some)));
  return {
    totals: Object.fromEntries(billStandings.map((standing) => [standing, totalOf(standing)])) as Record<
      BillStanding,
      ReturnType<typeof totalOf>
    >,
    billers: grouped(sums, ({ billerId, standing, means, currency }) =>
      [billerId, standing, means, currency].join(" "),
    ).map((some) => ({ ...sumView(added(some)), ...labels(some[0]) })),
    cashiers: grouped(sums, ({ actor, shift, billerId, standing, means, currency }) =>
      JSON.stringify([actor, shift, billerId, standing, means, currency]),
    ).map((some) => ({ ...sumView(added(some)), ...labels(some[0]), ...cashierOf(some[0]) })),
  };

  function labels({ billerId, standing, means }: BillSum) {
    return { billerName: nameOf(billerId), standing, means };
  }

  function cashierOf({ actor, shift }: BillSum) {
    const shiftMs = shift === null ? null : (stores.shifts.find(shift)?.openedMs ?? null);
    return { actor, shiftMs };
  }
}

type Some = readonly [BillSum, ...BillSum[]];

function grouped(sums: readonly BillSum[], keyOf: (sum: BillSum) => string): Some[] {
  return [...Map.groupBy(sums, keyOf).values()].map((some) => some as unknown as Some);
}

function added(some: Some) {
  return {
    currency: some[0].currency,
    count: some.reduce((total, sum) => total + sum.count, 0),
    amountMinor: some.reduce((total, sum) => total + sum.amountMinor, 0n),
  };
}

/** The details are flat, so that the page's words can name them. */
export function billRefusalView(refusal: PayBillRefusal): Refused {
  switch (refusal.code) {
    case "voucher-refused":
      return refusalView(refusal.refusal);
    case "paid-here": {
      const { createdMs, actor } = refusal.earlier;
      return { ok: false, code: refusal.code, details: { atMs: createdMs, actor } };
    }
    case "float-too-small": {
      const { leftMinor, currency, code } = refusal;
      return {
        ok: false,
        code,
        details: { left: formatMajor({ amountMinor: leftMinor, currency }), currency },
      };
    }
    case "amount-changed": {
      const { due, code } = refusal;
      return { ok: false, code, details: { due: formatMajor(due), currency: due.currency } };
    }
    case "node-stopped":
      return { ok: false, code: refusal.code, details: { because: refusal.because } };
    default:
      return { ok: false, code: refusal.code, details: {} };
  }
}

export function refundRefusalView(refusal: RefundBillRefusal): Refused {
  switch (refusal.code) {
    case "refunded-here": {
      const { createdMs, actor } = refusal.earlier;
      return { ok: false, code: refusal.code, details: { atMs: createdMs, actor } };
    }
    case "refunded-elsewhere": {
      const { refundedMs, refundedBy } = refusal.news;
      return { ok: false, code: refusal.code, details: { atMs: refundedMs, by: refundedBy } };
    }
    case "node-stopped":
      return { ok: false, code: refusal.code, details: { because: refusal.because } };
    default:
      return { ok: false, code: refusal.code, details: {} };
  }
}
