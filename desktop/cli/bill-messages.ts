/** What an agent is told of a bill that cannot be taken; every code has its sentence. */
import { formatMajor } from "#core/money.ts";
import type { PayBillRefusal } from "../worker/pay-bill.ts";
import { refusalMessage } from "./messages.ts";

export function billRefusalMessage(refusal: PayBillRefusal): string {
  switch (refusal.code) {
    case "unknown-biller":
      return "No biller whose bills this till may take has numbers that begin like this one.";
    case "other-prefix":
    case "wrong-length":
      return "This is not a number of this biller's bills: it has another length or other characters. Read it again.";
    case "wrong-check-digit":
      return "The check digit of this number is wrong: it was probably mistyped. Read it again.";
    case "unknown-bill":
      return "This till knows no such bill. Run `sync`; if it is still unknown, do not take money for it.";
    case "bill-paid":
      return "This bill is paid already. Do not take money for it.";
    case "bill-being-paid":
      return "Somebody has paid this bill, and its biller has not confirmed it yet. Do not take money for it.";
    case "paid-here":
      return `Money for this bill was taken at this till before, receipt ${refusal.earlier.operationId}. Do not take it a second time.`;
    case "float-too-small": {
      const left = formatMajor({ amountMinor: refusal.leftMinor, currency: refusal.currency });
      return `The float covers ${left} ${refusal.currency} only. Connect and run \`sync\`, or pay in more with the operator.`;
    }
    case "voucher-value-differs":
      return "A voucher pays a bill of exactly its value. Take cash, or another voucher.";
    case "voucher-group-not-accepted":
      return "Vouchers of this kind do not pay this biller's bills.";
    case "amount-changed":
      return `Another amount is due now: ${formatMajor(refusal.due)} ${refusal.due.currency}. Look at the bill again.`;
    case "request-used":
      return "This request was made before for another bill.";
    case "voucher-refused":
      return refusalMessage(refusal.refusal);
    case "node-stopped":
    case "node-frozen":
    case "node-revoked":
      return refusalMessage(refusal);
  }
}
