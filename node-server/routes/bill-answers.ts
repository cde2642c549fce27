/** The total map from refusals about bills to what a caller is told; the compiler finds a missing entry. */
import type { RequestRefusal } from "../accept-once.ts";
import type { InquiryRefusal } from "../bills/inquiries.ts";
import type { VoucherForBillRefusal } from "../bills/pay-by-voucher.ts";
import type { BillerRefusal, BillRefusal } from "../bills/receive-bills.ts";
import type { PayerFiAnswerRefusal, RequestToPayRefusal } from "../bills/requests-to-pay.ts";
import type { AnswerRefusal } from "../bills/settle-payment.ts";
import { Problem } from "../middleware/problem.ts";

export type BillApiRefusal =
  | InquiryRefusal
  | BillerRefusal
  | BillRefusal
  | AnswerRefusal
  | RequestToPayRefusal
  | PayerFiAnswerRefusal
  | RequestRefusal;

export function billProblem(refusal: BillApiRefusal, requestId?: string): Problem {
  const [status, message] = billAnswers[refusal];
  return new Problem(status, message, [], requestId);
}

/** Why one bill of many is not taken. */
export function billRefusalText(refusal: BillRefusal): string {
  return billAnswers[refusal][1];
}

export const billAnswers: Readonly<Record<BillApiRefusal, readonly [400 | 403 | 404 | 409, string]>> = {
  "other-body": [409, "This requestId was used before with another body"],
  "unknown-institution": [403, "The institution is not registered with this server"],
  "not-a-payer-fi": [403, "The institution is not registered as a payer FI"],
  "payer-fi-inactive": [403, "The payer FI is not active"],
  "unknown-biller": [404, "No biller's bill ids begin like this one"],
  "biller-inactive": [403, "The biller is not active"],
  "biller-not-linked": [403, "The payer FI is not linked with this biller"],
  "not-a-biller": [403, "The institution is not registered as a biller"],
  "not-the-billers-bill": [403, "This bill id does not begin with the biller's prefix"],
  "other-prefix": [400, "This bill id does not begin with the biller's prefix"],
  "wrong-length": [400, "This bill id has not the length or the characters of the biller's bill ids"],
  "wrong-check-digit": [400, "The check digit of this bill id is wrong: it was probably mistyped"],
  instalments: [400, "Instalments are not supported: a bill is paid whole"],
  "malformed-due-date": [400, "dueDate must be YYYY-MM-DD or epoch seconds"],
  "malformed-amount": [
    400,
    "An amount is not above zero in major units, or has more decimals than its currency",
  ],
  "unknown-currency": [400, "The currency is none of ISO 4217"],
  "being-paid": [409, "The bill is being paid right now"],
  paid: [409, "The bill is paid already"],
  "unknown-payment": [404, "No payment of this requestId and billId was told to this biller"],
  "unknown-status": [
    400,
    "status must be ACK or RJC, with rejectReason Def, Dup or Und, or a registered code",
  ],
  contradicted: [409, "The biller has answered otherwise before; its first answer stands"],
  "unknown-payer-fi": [400, "There is no active payer FI of this BIC"],
  "ambiguous-alias": [
    400,
    "Several payer FIs have a customer of this alias: name the payer FI and the address",
  ],
  "unknown-alias": [400, "Nobody is registered under this alias: name the payer FI and the address"],
  "payer-fi-not-linked": [403, "The payer FI is not linked with this biller"],
  "bill-paid": [409, "The bill is paid already, or being paid"],
  "bill-withdrawn": [409, "The biller has withdrawn the bill"],
  "amount-differs": [400, "Amount and currency must be what is due for the bill: a bill is paid whole"],
  "expiry-out-of-range": [400, "expiry must lie ahead, and within a year"],
  "rtp-exists": [409, "This rtpId was used before"],
  "unknown-request": [404, "There is no such request to pay"],
  "already-accepted": [409, "The request to pay was accepted before"],
  "not-paying": [409, "The bill is not being paid"],
  completed: [409, "The request to pay is completed"],
  rejected: [409, "The request to pay was rejected"],
  expired: [409, "The request to pay has expired"],
  cancelled: [409, "The biller has cancelled the request to pay"],
};

/** At most 100 characters. */
export const voucherReasons: Readonly<Record<VoucherForBillRefusal, string>> = {
  "unknown-voucher": "There is no voucher with this serial number",
  "wrong-number": "The voucher number is wrong",
  "too-many-wrong-numbers": "Too many wrong voucher numbers were tried; try again in an hour",
  "group-not-accepted": "Vouchers of this group do not pay this biller's bills",
  "value-differs": "The voucher's value and currency must be those of the amount due",
  "leased-to-another-node": "The voucher is reserved for a shop that may be offline",
  "not-activated": "The voucher is not activated yet",
  "already-activated": "The voucher is activated already",
  suspended: "The voucher is suspended",
  "not-suspended": "The voucher is not suspended",
  blocked: "The voucher is blocked",
  "being-paid": "The voucher is being redeemed right now",
  "already-consumed": "The voucher was used before",
  "already-cancelled": "The voucher is cancelled",
  expired: "The voucher has expired",
  purged: "The voucher was used or cancelled, and purged",
  "already-leased": "The voucher is leased already",
  "not-leased": "The voucher is not leased",
  "not-being-paid": "The voucher is not being redeemed",
  "already-pending": "The same change waits already",
  "not-ended": "The voucher is still in use",
};
