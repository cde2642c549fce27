/**
 * Gives the cash of a bill back that paid nothing: a signed operation of its own, once for each payment, however often it is
 * asked for.
 */
import type { NodeStores } from "./open.ts";
import { recordOperation } from "./record.ts";
import type { RecordParts } from "./record.ts";
import { standingRefusal, timeOf } from "./standing.ts";
import type { StandingRefusal } from "./standing.ts";
import type { BillPaymentRecord } from "./store/bills.ts";
import type { RefundNews, RefundRecord } from "./store/refunds.ts";

export interface RefundBillRequest {
  /** The sequence number of the payment. */
  readonly payment: number;
  readonly actor: string;
  readonly shift?: number | undefined;
  readonly request?: string | undefined;
}

export type RefundBillRefusal =
  | StandingRefusal
  | { readonly code: "no-such-payment" | "nothing-to-refund" }
  /** At this till. */
  | { readonly code: "refunded-here"; readonly earlier: RefundRecord }
  /** An operator has recorded it. */
  | { readonly code: "refunded-elsewhere"; readonly news: RefundNews };

export type RefundBillResult =
  | { readonly ok: true; readonly payment: BillPaymentRecord }
  | { readonly ok: false; readonly refusal: RefundBillRefusal };

export function refundBill(parts: RecordParts, asked: RefundBillRequest): RefundBillResult {
  const { stores, clock } = parts;
  const { actor, shift = null, request = null } = asked;
  const standing = standingRefusal(stores);
  if (standing) return { ok: false, refusal: standing };
  const payment = stores.bills.find(asked.payment);
  if (!payment) return { ok: false, refusal: { code: "no-such-payment" } };
  const earlier = stores.refunds.ofPayment(payment.sequence);
  if (earlier && request !== null && earlier.request === request) return { ok: true, payment };
  const { amountMinor, currency, billId, hash } = payment;
  const result = recordOperation<RefundBillRefusal>(
    parts,
    {
      body: { type: "refund-bill", payment: hash, billId, amountMinor, currency },
      sealed: null,
      actor,
      time: timeOf(stores, clock),
    },
    () => refusalOf(stores, asked.payment),
    (sequence) =>
      stores.refunds.insert({
        sequence,
        payment: payment.sequence,
        request,
        amountMinor,
        currency,
        actor,
        shift,
      }),
  );
  return result.ok ? { ok: true, payment } : result;
}

function refusalOf(stores: NodeStores, sequence: number): RefundBillRefusal | undefined {
  const earlier = stores.refunds.ofPayment(sequence);
  if (earlier) return { code: "refunded-here", earlier };
  const news = stores.refunds.told(sequence);
  if (news && news.refundedMs !== null) return { code: "refunded-elsewhere", news };
  return stores.billHistory.standingOf(sequence) === "refund" ? undefined : { code: "nothing-to-refund" };
}
