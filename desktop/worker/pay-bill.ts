/**
 * Takes a payment for a bill (design section 4, "float"): cash within what the agent has paid in, or a voucher that is
 * leased to this till. Either is "received, not yet credited" until the server tells the biller's answer.
 *
 * A1  A bill has one live payment here, and none where the server says that it is paid or being paid.
 * A2  Cash is taken while the float covers it: what the server told, less what it has not counted yet.
 * A3  A voucher pays exactly its value, under an open lease, and hands nothing over before the biller has answered.
 * A4  Asked twice under one id it is done once, and answered the same; what was confirmed is what is taken.
 */
import { amountDueMinor, billIdRefusal } from "#core/bill.ts";
import type { BillIdRefusal } from "#core/bill.ts";
import { localDate } from "#core/local-date.ts";
import type { Money } from "#core/money.ts";
import type { OperationBody } from "#sync/documents/operation.ts";
import type { KnownBill, KnownBiller } from "#sync/ports/shape-storage.ts";
import type { NodeStores } from "./open.ts";
import { presentVoucher, sealedNow } from "./redeem.ts";
import type { PresentedVoucher, RedeemRefusal } from "./redeem.ts";
import { recordOperation } from "./record.ts";
import type { RecordedOperation, RecordParts } from "./record.ts";
import { standingRefusal, timeOf } from "./standing.ts";
import type { StandingRefusal } from "./standing.ts";
import type { BillPaymentRecord } from "./store/bills.ts";

export interface PayBillRequest {
  readonly billId: string;
  readonly actor: string;
  /** The voucher that pays; cash where it is left out. One of serial and token at least. */
  readonly voucher?: PayingVoucher | undefined;
  readonly shift?: number | undefined;
  /** Its id: a second one of the same id is the first one, told again. */
  readonly request?: string | undefined;
  /** What whoever pays was shown; something else is refused. */
  readonly confirmed?: Money | undefined;
}

export interface PayingVoucher {
  readonly serial?: bigint;
  readonly token?: string;
  readonly number: string;
}

export type PayBillRefusal =
  | StandingRefusal
  | { readonly code: "unknown-biller" | BillIdRefusal | "unknown-bill" | "bill-paid" | "bill-being-paid" }
  | { readonly code: "paid-here"; readonly earlier: BillPaymentRecord }
  | { readonly code: "float-too-small"; readonly leftMinor: bigint; readonly currency: string }
  | { readonly code: "voucher-value-differs" | "voucher-group-not-accepted" }
  | { readonly code: "voucher-refused"; readonly refusal: RedeemRefusal }
  /** Since it was shown, another amount has become due. */
  | { readonly code: "amount-changed"; readonly due: Money }
  /** The id belongs to another request. */
  | { readonly code: "request-used" };

export interface BillPaid extends RecordedOperation {
  readonly billId: string;
  readonly billerName: string;
  readonly money: Money;
  readonly serial: bigint | null;
}

export type PayBillResult =
  | { readonly ok: true; readonly paid: BillPaid }
  | { readonly ok: false; readonly refusal: PayBillRefusal };

/** What would be taken, without taking it. */
export type CheckedPayment =
  | {
      readonly ok: true;
      readonly bill: KnownBill;
      readonly biller: KnownBiller;
      readonly money: Money;
      readonly serial: bigint | null;
    }
  | { readonly ok: false; readonly refusal: PayBillRefusal };

export async function checkPayment(
  parts: RecordParts,
  asked: Omit<PayBillRequest, "actor">,
): Promise<CheckedPayment> {
  const prepared = await prepare(parts, asked);
  if (!prepared.ok) return prepared;
  const { bill, biller, money, body } = prepared;
  return { ok: true, bill, biller, money, serial: "serial" in body ? body.serial : null };
}

export async function payBill(parts: RecordParts, asked: PayBillRequest): Promise<PayBillResult> {
  const { stores, clock } = parts;
  const { actor, shift = null, request = null } = asked;
  const standing = standingRefusal(stores);
  if (standing) return refused(standing);
  const before = doneBefore(parts, asked);
  if (before) return before;
  const prepared = await prepare(parts, asked);
  if (!prepared.ok) return doneBefore(parts, asked) ?? prepared;
  const { bill, biller, money, body, sealed, presented } = prepared;
  const serial = "serial" in body ? body.serial : null;
  const { billId, payerName } = bill;
  const result = recordOperation<PayBillRefusal>(
    parts,
    { body, sealed, actor, time: timeOf(stores, clock) },
    // Decided again inside the transaction: another payment may have come between.
    () => {
      const again = judge(parts, asked);
      if (!again.ok) return again.refusal;
      if (presented) return voucherAgain(presented);
      return floatRefusal(stores, money);
    },
    (sequence) =>
      stores.bills.insert({
        sequence,
        billId,
        billerId: biller.billerId,
        serial,
        ...money,
        actor,
        shift,
        request,
        payerName,
      }),
  );
  if (!result.ok) return doneBefore(parts, asked) ?? result;
  return { ok: true, paid: { ...result.recorded, billId, billerName: biller.name, money, serial } };
}

/** A4: the answer to a request that was made before. */
function doneBefore({ stores }: RecordParts, asked: PayBillRequest): PayBillResult | undefined {
  const record = asked.request === undefined ? undefined : stores.bills.byRequest(asked.request);
  if (!record) return undefined;
  const isSame = record.billId === asked.billId && (record.serial === null) === (asked.voucher === undefined);
  if (!isSame) return refused({ code: "request-used" });
  const { operationId, sequence, hash, billId, billerId, serial, amountMinor, currency } = record;
  const billerName = stores.bills.biller(billerId)?.name ?? billerId;
  const money = { amountMinor, currency };
  return { ok: true, paid: { operationId, sequence, hash, billId, billerName, money, serial } };
}

type Prepared =
  | (Extract<Judged, { readonly ok: true }> &
      Extract<Order, { readonly ok: true }> & {
        readonly presented: (PresentedVoucher & { readonly ok: true }) | undefined;
      })
  | { readonly ok: false; readonly refusal: PayBillRefusal };

async function prepare(parts: RecordParts, asked: Omit<PayBillRequest, "actor">): Promise<Prepared> {
  const judged = judge(parts, asked);
  if (!judged.ok) return judged;
  const presented = asked.voucher && (await presentVoucher(parts, { ...asked.voucher, offline: true }));
  if (presented && !presented.ok) return refused({ code: "voucher-refused", refusal: presented.refusal });
  const order = orderOf(parts, asked, judged, presented);
  return order.ok ? { ...judged, ...order, presented } : order;
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

function judge(
  { stores, clock }: RecordParts,
  { billId, confirmed }: Pick<PayBillRequest, "billId" | "confirmed">,
): Judged {
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
  const isAsConfirmed =
    !confirmed || (confirmed.amountMinor === money.amountMinor && confirmed.currency === money.currency);
  return isAsConfirmed ? { ok: true, bill, biller, money } : refused({ code: "amount-changed", due: money });
}

type Order =
  | { readonly ok: true; readonly body: OperationBody; readonly sealed: Uint8Array | null }
  | { readonly ok: false; readonly refusal: PayBillRefusal };

function orderOf(
  parts: RecordParts,
  { billId, voucher }: Pick<PayBillRequest, "billId" | "voucher">,
  { biller, money }: Extract<Judged, { readonly ok: true }>,
  presented: (PresentedVoucher & { readonly ok: true }) | undefined,
): Order {
  if (!voucher || !presented) {
    const refusal = floatRefusal(parts.stores, money);
    if (refusal) return refused(refusal);
    return { ok: true, body: { type: "pay-bill", billId, ...money }, sealed: null };
  }
  const { decision, number } = presented;
  const { token } = decision;
  if (decision.mode !== "leased")
    return refused({ code: "voucher-refused", refusal: { code: "not-leased-here" } });
  if (!biller.voucherGroups.includes(token.group)) return refused({ code: "voucher-group-not-accepted" });
  if (token.amountMinor !== money.amountMinor || token.currency !== money.currency)
    return refused({ code: "voucher-value-differs" });
  const body = {
    type: "pay-bill-with-voucher",
    billId,
    serial: token.serial,
    mode: "leased",
    epoch: decision.epoch,
    ...money,
    numberCommitment: number.commitment,
  } as const;
  return { ok: true, body, sealed: sealedNow(parts, number) };
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
