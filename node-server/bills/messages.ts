/** What billers and payer FIs are told and asked about bills (GovStack Payments BB, P2G), composed when it is sent. */
import { isOverdue } from "#core/bill.ts";
import { rawNumber } from "#core/json.ts";
import { endOfLocalDate, localDate } from "#core/local-date.ts";
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import type { AddressSeal } from "../addresses.ts";
import type { Message } from "../callbacks/deliver.ts";
import type { BillerRow, BillRow, RequestToPayRow } from "../ports/bill-rows.ts";
import type { CallbackKind, Tx } from "../ports/store.ts";
import { formatId } from "./ids.ts";

export type BillMessageKind = Exclude<
  CallbackKind,
  "batch" | "command" | "redemption" | "mapper" | "disbursement" | "funds"
>;

export function billMessages(
  payerAddresses: AddressSeal,
): Readonly<Record<BillMessageKind, (tx: Tx, id: bigint) => Promise<Message>>> {
  return {
    "bill-inquiry": inquiryAnswer,
    "bill-question": question,
    "bill-payment": paymentOutcome,
    "bill-advice": advice,
    "rtp-request": (tx, id) => requestToPay(tx, id, payerAddresses),
    "rtp-update": requestUpdate,
    "rtp-cancellation": requestCancellation,
    "rtp-status": statusAnswer,
  };
}

/** To the payer FI that inquired. */
async function inquiryAnswer(tx: Tx, id: bigint): Promise<Message> {
  const inquiry = known(await tx.billInquiries.find(id), "bill inquiry", id);
  const { requestId, billId, correlationId, quote } = inquiry;
  const headers = { "X-CorrelationID": correlationId };
  if (quote === null) {
    return { headers, body: { requestId, code: "01", reason: inquiry.reason, billId } };
  }
  const bill = known(await tx.bills.find(billId), "bill", billId);
  const biller = known(await tx.billers.find(bill.billerId), "biller", bill.billerId);
  const status = await statusOf(tx, bill, biller);
  const billDetails = { ...detailsOf(bill, biller, status), amountDue: amount(quote) };
  return { headers, body: { requestId, code: "00", reason: "Bill found", billId, billDetails } };
}

/** To the biller that is asked about its bill. */
async function question(tx: Tx, id: bigint): Promise<Message> {
  const { correlationId } = known(await tx.billInquiries.find(id), "bill inquiry", id);
  return { method: "GET", headers: { "X-CorrelationID": correlationId } };
}

/** To the payer FI that notified a payment. */
async function paymentOutcome(tx: Tx, id: bigint): Promise<Message> {
  const payment = known(await tx.billPayments.find(id), "bill payment", id);
  const { requestId, billId, reference, rejectReason, reason, duplicateOf } = payment;
  if (payment.state === "advised") throw new Error(`bill payment ${id} has no outcome yet`);
  const first = duplicateOf === null ? undefined : await tx.billPayments.find(duplicateOf);
  const body = {
    requestId,
    billId,
    status: payment.state === "acknowledged" ? "ACK" : "RJC",
    ...(rejectReason === null ? {} : { rejectReason }),
    ...(reason === null ? {} : { reason }),
    paymentReferenceID: reference,
    ...(first ? { firstPaymentReferenceID: first.reference } : {}),
  };
  return { body };
}

/** To the biller: mark this bill paid. */
async function advice(tx: Tx, id: bigint): Promise<Message> {
  const { billId, reference, money } = known(await tx.billPayments.find(id), "bill payment", id);
  const paid = known(money, "amount of bill payment", id);
  const body = {
    requestID: formatId("payment", id),
    billId,
    PaymentReferenceID: reference,
    amount: amount(paid),
    currency: paid.currency,
  };
  return { method: "POST", body };
}

/** To the payer FI: ask this customer to pay. */
async function requestToPay(tx: Tx, id: bigint, payerAddresses: AddressSeal): Promise<Message> {
  const request = known(await tx.requestsToPay.find(id), "request to pay", id);
  const { rtpId, billId, billerName, currency, sealedAddress, expiresAt } = request;
  const body = {
    TxnID: formatId("requestToPay", id),
    rTPID: rtpId,
    billDetails: {
      "Bill ID": billId,
      "Biller Name": billerName,
      Amount: amount(request),
      currency,
    },
    // Erased when the request has ended; whoever answers then is told so.
    ...(sealedAddress === null
      ? { requestStatus: publishedStates[request.state] }
      : { financialAddress: payerAddresses.open(sealedAddress) }),
    expiry: epochSeconds(expiresAt),
  };
  return { method: "POST", body };
}

/** To the biller: what became of its request. */
async function requestUpdate(tx: Tx, id: bigint): Promise<Message> {
  const request = known(await tx.requestsToPay.find(id), "request to pay", id);
  const { requestId, rtpId, billId, rejectReason, reason } = request;
  const body = {
    requestId,
    rtpId,
    billId,
    rtpStatus: rejectReason === null ? "00" : "01",
    ...(rejectReason === null ? {} : { rejectReason }),
    ...(reason === null ? {} : { reason }),
  };
  return { method: "POST", body };
}

/** To the payer FI: the biller has taken its request back. It may come before the request itself. */
async function requestCancellation(tx: Tx, id: bigint): Promise<Message> {
  const { rtpId, billId, state } = known(await tx.requestsToPay.find(id), "request to pay", id);
  const body = {
    TxnID: formatId("requestToPay", id),
    rTPID: rtpId,
    billId,
    requestStatus: publishedStates[state],
  };
  return { method: "POST", body };
}

async function statusAnswer(tx: Tx, id: bigint): Promise<Message> {
  const asked = known(await tx.requestsToPay.inquiry(id), "inquiry about a request to pay", id);
  const { requestToPay: of, correlationId } = asked;
  const request = known(await tx.requestsToPay.find(of), "request to pay", of);
  return {
    headers: { "X-CorrelationID": correlationId },
    body: await requestStatus(tx, request, correlationId),
  };
}

/** `requestId`: of whoever asks. */
export async function requestStatus(tx: Tx, request: RequestToPayRow, requestId: string) {
  const payment = request.state === "completed" ? await tx.billPayments.live(request.billId) : undefined;
  return {
    rtpId: request.rtpId,
    RequestId: requestId,
    requestStatus: publishedStates[request.state],
    ...(payment ? { PaymentReferenceID: payment.reference } : {}),
    lastUpdateDate: epochSeconds(request.changedAt),
  };
}

const publishedStates = {
  pending: "PND",
  accepted: "PND",
  paying: "PND",
  completed: "COM",
  rejected: "RJC",
  expired: "EXP",
  cancelled: "CAN",
} as const satisfies Record<RequestToPayRow["state"], string>;

export type BillStatus = "unpaid" | "overdue" | "beingPaid" | "paid" | "withdrawn";

async function statusOf(tx: Tx, bill: BillRow, biller: BillerRow): Promise<BillStatus> {
  const payment = await tx.billPayments.live(bill.id);
  if (payment) return payment.state === "acknowledged" ? "paid" : "beingPaid";
  if (bill.state === "paidElsewhere") return "paid";
  if (bill.state === "withdrawn") return "withdrawn";
  const today = localDate((await tx.now()).getTime(), biller.timeZone);
  return isOverdue(bill, today) ? "overdue" : "unpaid";
}

function detailsOf(bill: BillRow, biller: BillerRow, billStatus: BillStatus) {
  const { currency, dueOn, payerId, payerName } = bill;
  return {
    billerId: biller.id,
    billerName: biller.name,
    billStatus,
    ...(dueOn === null ? {} : { dueDate: epochSeconds(new Date(endOfLocalDate(dueOn, biller.timeZone))) }),
    amountonDueDate: amount({ amountMinor: bill.amountOnDueMinor, currency }),
    amountAfterDueDate: amount({ amountMinor: bill.amountAfterDueMinor, currency }),
    currency,
    payerType: bill.payerType,
    ...(payerId === null ? {} : { payerId }),
    ...(payerName === null ? {} : { payerName }),
  };
}

function amount(money: Money): unknown {
  return rawNumber(formatMajor(money));
}

function epochSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function known<T>(row: T | null | undefined, what: string, id: bigint | string): T {
  if (row === null || row === undefined) throw new Error(`no ${what} ${id}`);
  return row;
}
