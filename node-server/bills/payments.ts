/**
 * Payments that payer FIs notify (GovStack Payments BB, P2G): judged against the bill while its row is held, their money
 * held for the biller in the same transaction, and the biller told until it answers (`core/bill-payment.machine.ts`).
 */
import { decideBillPayment } from "#core/decide-bill.ts";
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { acceptOnce } from "../accept-once.ts";
import type { Acceptance, Accepted, RequestIdentity } from "../accept-once.ts";
import { requestCallback, requestMessage } from "../callbacks/outbox.ts";
import { holdForBiller } from "../ledger/bill-entries.ts";
import type { BillMoneySource } from "../ledger/bill-entries.ts";
import type {
  BillerRow,
  BillPaymentRow,
  BillRow,
  RejectReason,
  RequestToPayRow,
} from "../ports/bill-rows.ts";
import type { Job, Store, Tx } from "../ports/store.ts";
import { parseId } from "./ids.ts";
import { amountDue, findBiller } from "./inquiries.ts";
import type { PayerFiRefusal } from "./inquiries.ts";
import { moveRequests } from "./requests-to-pay.ts";

export interface PaymentNotification {
  readonly billId: string;
  /** The id of the inquiry, or the transaction id of the request to pay, that the payment rests on. */
  readonly inquiryRequestId: string;
  readonly reference: string;
  readonly callbackUrl: string;
  /** False where the payer FI tells that the payment has failed with it. */
  readonly succeeded: boolean;
  /** What was paid, in major units, where the payer FI says so. */
  readonly amount?: string | undefined;
  readonly currency?: string | undefined;
}

export function acceptPayment(
  store: Store,
  identity: RequestIdentity,
  notification: PaymentNotification,
  answer: Accepted,
): Promise<Acceptance<PayerFiRefusal>> {
  const { institutionId: payerFiId, requestId } = identity.key;
  const known = async (tx: Tx): Promise<Job> => {
    const payment = await tx.billPayments.byRequest(payerFiId, requestId, "account");
    if (!payment) throw new Error(`the request ${requestId} left no payment`);
    return payment.state === "advised" ? adviceOf(tx, payment) : outcomeOf(tx, payment);
  };
  return acceptOnce<PayerFiRefusal>(store, identity, answer, known, async (tx) => {
    const { billId, reference, callbackUrl } = notification;
    const found = await findBiller(tx, payerFiId, billId);
    if (!found.ok) return found.refusal;
    const judged = await judge(tx, found.biller, payerFiId, notification);
    const payment = {
      billerId: found.biller.id,
      billId,
      payerFiId,
      merchantId: null,
      operation: null,
      debtMinor: 0n,
      requestId,
      reference,
      means: "account",
      callbackUrl,
      claimId: null,
    } as const;
    if (!judged.ok) {
      const { ok: _, ...refusal } = judged;
      return outcomeOf(tx, await refusePayment(tx, { ...payment, ...refusal, money: null }));
    }
    const { money, requestToPay } = judged;
    const source = { means: "account", payerFiId } as const;
    return adviceOf(tx, await beginPayment(tx, { ...payment, money, requestToPay }, source));
  });
}

export type Judgement =
  | { readonly ok: true; readonly bill: BillRow; readonly money: Money; readonly requestToPay: bigint | null }
  | BillRefused;

export interface BillRefused {
  readonly ok: false;
  readonly rejectReason: RejectReason;
  readonly reason: string;
  /** The payment that pays the bill. */
  readonly duplicateOf: bigint | null;
}

/** Locks the bill and says what this payment pays of it, or why nothing. */
export async function judge(
  tx: Tx,
  biller: BillerRow,
  payerFiId: string,
  notified: Pick<PaymentNotification, "billId" | "inquiryRequestId" | "succeeded" | "amount" | "currency">,
): Promise<Judgement> {
  const bill = await tx.bills.lock(notified.billId);
  if (!bill) return refused("Def", "There is no such bill");
  const paid = await refusalOfPaid(tx, bill);
  if (paid) return paid;
  if (bill.state === "withdrawn") return refused("Def", "The biller has withdrawn the bill");
  if (!notified.succeeded) return refused("Und", "The payment failed at the payer FI");
  const basis = await basisOf(tx, biller, payerFiId, bill, notified.inquiryRequestId);
  if (!basis) {
    return refused("Def", "No answered inquiry and no request to pay of this id is about this bill");
  }
  const { amount = formatMajor(basis.money), currency = basis.money.currency } = notified;
  if (!isSameMoney(amount, currency, basis.money)) {
    const due = `${formatMajor(basis.money)} ${basis.money.currency}`;
    return refused("Def", `A bill is paid whole: ${due} is due`);
  }
  return { ok: true, bill, ...basis };
}

/** Why a bill that is being paid, or paid, is paid by nothing else. */
export async function refusalOfPaid(tx: Tx, bill: BillRow): Promise<BillRefused | undefined> {
  const live = await tx.billPayments.live(bill.id);
  if (live) return { ...refused("Dup", "The bill is paid already, or being paid"), duplicateOf: live.id };
  if (bill.state === "paidElsewhere") return refused("Dup", "The biller says that the bill is paid");
  return undefined;
}

/** What was told holds for a day: whoever pays what it was told has paid. */
const quoteGoodForMs = 86_400_000;

/** What the payment rests on: an inquiry of the payer FI, or a request to pay that went to it. */
async function basisOf(
  tx: Tx,
  biller: BillerRow,
  payerFiId: string,
  bill: BillRow,
  id: string,
): Promise<{ readonly money: Money; readonly requestToPay: bigint | null } | undefined> {
  const inquiry = await tx.billInquiries.byRequest(payerFiId, id, bill.id);
  if (inquiry?.state === "found" && inquiry.quote && inquiry.answeredAt) {
    const ageMs = (await tx.now()).getTime() - inquiry.answeredAt.getTime();
    const holds = ageMs <= quoteGoodForMs && inquiry.quote.currency === bill.currency;
    return { money: holds ? inquiry.quote : await amountDue(tx, bill, biller), requestToPay: null };
  }
  const requestId = parseId("requestToPay", id);
  const request = requestId === undefined ? undefined : await tx.requestsToPay.find(requestId);
  if (!request || !isOpenFor(request, payerFiId, bill)) return undefined;
  const { id: requestToPay, amountMinor, currency } = request;
  return { money: { amountMinor, currency }, requestToPay };
}

function isOpenFor(request: RequestToPayRow, payerFiId: string, bill: BillRow): boolean {
  const isOpen = request.state === "pending" || request.state === "accepted";
  return isOpen && request.payerFiId === payerFiId && request.billId === bill.id;
}

function isSameMoney(amount: string, currency: string, money: Money): boolean {
  return currency === money.currency && isSameAmount(amount, formatMajor(money));
}

/** `12.5` and `12.50` are one amount. */
function isSameAmount(a: string, b: string): boolean {
  const plain = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  return plain(a) === plain(b);
}

type NewPayment = Omit<
  BillPaymentRow,
  "id" | "state" | "rejectReason" | "reason" | "duplicateOf" | "reminders" | "money"
> & { readonly money: Money };

/** Takes a payment of a bill whose row is held and that was found good; the biller is to be told of it. */
export async function beginPayment(
  tx: Tx,
  payment: NewPayment,
  source: BillMoneySource,
): Promise<BillPaymentRow> {
  const decision = decideBillPayment("received", { cash: payment.means === "cash" }, { type: "ACCEPT" });
  if (!decision.ok || decision.next !== "advised") throw new Error("a received payment is not accepted");
  const row = { ...payment, state: decision.next, rejectReason: null, reason: null, duplicateOf: null };
  const id = await tx.billPayments.insert(row);
  const { billerId, billId, money } = payment;
  await tx.ledger.post(holdForBiller({ paymentId: id, billerId, money, source }));
  await moveRequests(tx, billId, { type: "PAYMENT_BEGINS" });
  const begun = { ...row, id, reminders: 0 };
  await recordPayment(tx, "bill.pay", begun);
  return begun;
}

/** Keeps a payment that pays nothing, with why; the payer is to be told. Cash is listed for refund. */
export async function refusePayment(
  tx: Tx,
  payment: Omit<NewPayment, "money" | "requestToPay"> &
    Pick<BillPaymentRow, "money"> &
    Omit<BillRefused, "ok">,
): Promise<BillPaymentRow> {
  const decision = decideBillPayment("received", { cash: payment.means === "cash" }, { type: "REFUSE" });
  if (!decision.ok || decision.next !== "refused") throw new Error("a received payment is not refused");
  const row = { ...payment, requestToPay: null, state: decision.next };
  const id = await tx.billPayments.insert(row);
  const refused = { ...row, id, reminders: 0 };
  if (decision.effects.includes("listRefund")) await listRefund(tx, refused);
  await recordPayment(tx, "bill.refuse", refused);
  return refused;
}

/** The agent who took the cash gives it back. */
export async function listRefund(tx: Tx, { id, merchantId }: BillPaymentRow): Promise<void> {
  if (merchantId === null) throw new Error(`nobody has taken the cash of bill payment ${id}`);
  await tx.agents.listRefund(id, merchantId);
}

/** The job that tells the biller of a payment, for the first time or once more. */
export async function adviceOf(
  tx: Tx,
  { id, billerId }: Pick<BillPaymentRow, "id" | "billerId">,
): Promise<Job> {
  const biller = await tx.billers.find(billerId);
  if (!biller) throw new Error(`no biller ${billerId}`);
  const url = `${biller.endpointUrl}/billTransferRequests`;
  return requestMessage(tx, { institutionId: billerId, kind: "bill-advice", subject: id, url });
}

/** The job that tells the payer FI what became of its payment. */
export function outcomeOf(tx: Tx, { id, payerFiId, callbackUrl }: BillPaymentRow): Promise<Job> {
  if (payerFiId === null || callbackUrl === null) throw new Error(`nobody is told of bill payment ${id}`);
  const callback = { institutionId: payerFiId, kind: "bill-payment", subject: id, url: callbackUrl } as const;
  return requestCallback(tx, callback, "billPayment");
}

export function recordPayment(tx: Tx, action: string, payment: BillPaymentRow): Promise<void> {
  const { billId, billerId, means, reference, state, rejectReason, reason } = payment;
  return tx.audit.record({
    actor: action === "bill.settle" ? `institution:${billerId}` : payerOf(payment),
    action,
    subject: `bill:${billId}`,
    after: { payment: String(payment.id), biller: billerId, means, reference, state, rejectReason, reason },
  });
}

function payerOf({ payerFiId, merchantId }: BillPaymentRow): string {
  return payerFiId === null ? `merchant:${merchantId}` : `institution:${payerFiId}`;
}

function refused(rejectReason: RejectReason, reason: string): BillRefused {
  return { ok: false, rejectReason, reason, duplicateOf: null };
}
