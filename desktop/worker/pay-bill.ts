/**
 * Takes a payment for a bill (design section 4, "float"): cash within what the agent has paid in, or a voucher that is
 * leased to this till. Either is "received, not yet credited" until the server tells the biller's answer.
 *
 * A1  A bill has one live payment here, and none where the server says that it is paid or being paid.
 * A2  Cash is taken while the float covers it: what the server told, less what it has not counted yet.
 * A3  A voucher pays exactly its value, under an open lease, and hands nothing over before the biller has answered.
 */
import { amountDueMinor, billIdRefusal } from "#core/bill.ts";
import type { BillIdRefusal } from "#core/bill.ts";
import { localDate } from "#core/local-date.ts";
import type { Money } from "#core/money.ts";
import type { OperationBody } from "#sync/documents/operation.ts";
import { commitmentOf, openingFor, sealNumber } from "#sync/documents/voucher-number.ts";
import type { KnownBill, KnownBiller } from "#sync/ports/shape-storage.ts";
import type { NodeStores } from "./open.ts";
import { presentVoucher } from "./redeem.ts";
import type { PresentedVoucher, RedeemRefusal } from "./redeem.ts";
import { recordOperation } from "./record.ts";
import type { RecordedOperation, RecordParts } from "./record.ts";
import { standingRefusal, timeOf } from "./standing.ts";
import type { StandingRefusal } from "./standing.ts";
import type { BillPaymentRecord } from "./store/bills.ts";

export interface PayBillRequest {
  readonly billId: string;
  readonly actor: string;
  /** The voucher that pays; cash where it is left out. */
  readonly voucher?: { readonly serial: bigint; readonly number: string } | undefined;
}

export type PayBillRefusal =
  | StandingRefusal
  | { readonly code: "unknown-biller" | BillIdRefusal | "unknown-bill" | "bill-paid" | "bill-being-paid" }
  | { readonly code: "paid-here"; readonly earlier: BillPaymentRecord }
  | { readonly code: "float-too-small"; readonly leftMinor: bigint; readonly currency: string }
  | { readonly code: "voucher-value-differs" | "voucher-group-not-accepted" }
  | { readonly code: "voucher-refused"; readonly refusal: RedeemRefusal };

export interface BillPaid extends RecordedOperation {
  readonly bill: KnownBill;
  readonly biller: KnownBiller;
  readonly money: Money;
  readonly serial: bigint | null;
}

export type PayBillResult =
  | { readonly ok: true; readonly paid: BillPaid }
  | { readonly ok: false; readonly refusal: PayBillRefusal };

export async function payBill(parts: RecordParts, request: PayBillRequest): Promise<PayBillResult> {
  const { stores, clock } = parts;
  const standing = standingRefusal(stores);
  if (standing) return refused(standing);
  const judged = judge(parts, request.billId);
  if (!judged.ok) return judged;
  const presented = request.voucher && (await presentVoucher(parts, { ...request.voucher, offline: true }));
  if (presented && !presented.ok) return refused({ code: "voucher-refused", refusal: presented.refusal });
  const order = orderOf(parts, request, judged, presented);
  if (!order.ok) return order;
  const { body, sealed } = order;
  const { bill, biller, money } = judged;
  const serial = "serial" in body ? body.serial : null;
  const result = recordOperation<PayBillRefusal>(
    parts,
    { body, sealed, actor: request.actor, time: timeOf(stores, clock) },
    // Decided again inside the transaction: another payment may have come between.
    () => {
      const again = judge(parts, request.billId);
      if (!again.ok) return again.refusal;
      if (presented) return voucherAgain(presented);
      return floatRefusal(stores, money);
    },
    (sequence) =>
      stores.bills.insert({
        sequence,
        billId: bill.billId,
        billerId: biller.billerId,
        serial,
        ...money,
        actor: request.actor,
      }),
  );
  return result.ok ? { ok: true, paid: { ...result.recorded, bill, biller, money, serial } } : result;
}

/** What is left of the float: what the server told, less the cash that it has not counted yet. */
export function floatLeft(stores: Pick<NodeStores, "bills">, currency: string): bigint {
  const float = stores.bills.float(currency);
  if (!float) return 0n;
  return float.floatMinor - stores.bills.uncountedCash(currency, float.counted);
}

type Judged =
  | { readonly ok: true; readonly bill: KnownBill; readonly biller: KnownBiller; readonly money: Money }
  | { readonly ok: false; readonly refusal: PayBillRefusal };

function judge({ stores, clock }: RecordParts, billId: string): Judged {
  const standing = standingRefusal(stores);
  if (standing) return refused(standing);
  const biller = stores.bills.billerOf(billId);
  if (!biller) return refused({ code: "unknown-biller" });
  const idRefusal = billIdRefusal(billId, biller);
  if (idRefusal) return refused({ code: idRefusal });
  const earlier = stores.bills.ofBill(billId).find(({ live }) => live);
  if (earlier) return refused({ code: "paid-here", earlier });
  const bill = stores.bills.bill(billId);
  if (!bill) return refused({ code: "unknown-bill" });
  if (bill.status !== "open")
    return refused({ code: bill.status === "paid" ? "bill-paid" : "bill-being-paid" });
  const today = localDate(timeOf(stores, clock).nowMs, biller.timeZone);
  const money = { amountMinor: amountDueMinor(bill, today), currency: bill.currency };
  return { ok: true, bill, biller, money };
}

type Order =
  | { readonly ok: true; readonly body: OperationBody; readonly sealed: Uint8Array | null }
  | { readonly ok: false; readonly refusal: PayBillRefusal };

function orderOf(
  { stores, randomBytes }: RecordParts,
  { billId, voucher }: PayBillRequest,
  { biller, money }: Extract<Judged, { readonly ok: true }>,
  presented: (PresentedVoucher & { readonly ok: true }) | undefined,
): Order {
  if (!voucher || !presented) {
    const refusal = floatRefusal(stores, money);
    if (refusal) return refused(refusal);
    return { ok: true, body: { type: "pay-bill", billId, ...money }, sealed: null };
  }
  const { decision } = presented;
  const { token } = decision;
  if (decision.mode !== "leased")
    return refused({ code: "voucher-refused", refusal: { code: "not-leased-here" } });
  if (!biller.voucherGroups.includes(token.group)) return refused({ code: "voucher-group-not-accepted" });
  if (token.amountMinor !== money.amountMinor || token.currency !== money.currency)
    return refused({ code: "voucher-value-differs" });
  const opening = openingFor(voucher.number, randomBytes);
  const body = {
    type: "pay-bill-with-voucher",
    billId,
    serial: token.serial,
    mode: "leased",
    epoch: decision.epoch,
    ...money,
    numberCommitment: commitmentOf(opening),
  } as const;
  return { ok: true, body, sealed: sealNumber(stores.trust.keySet().serverBoxKey, opening, randomBytes) };
}

function voucherAgain({ decide }: PresentedVoucher & { readonly ok: true }): PayBillRefusal | undefined {
  const again = decide();
  return again.ok ? undefined : { code: "voucher-refused", refusal: again.refusal };
}

function floatRefusal(stores: NodeStores, { amountMinor, currency }: Money): PayBillRefusal | undefined {
  const leftMinor = floatLeft(stores, currency);
  return leftMinor >= amountMinor ? undefined : { code: "float-too-small", leftMinor, currency };
}

function refused(refusal: PayBillRefusal): { readonly ok: false; readonly refusal: PayBillRefusal } {
  return { ok: false, refusal };
}
