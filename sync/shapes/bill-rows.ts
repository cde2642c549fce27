/** The rows of an agent's bills. They bear no signature: what they say is what the server says of its own bills. */
import { checkDigits } from "#core/bill.ts";
import { isDate, isTimeZone } from "#core/local-date.ts";
import { currencyDecimals } from "#core/money.ts";
import type { BillShape, KnownBill, KnownBiller, KnownFloat } from "../ports/shape-storage.ts";

type Value = Readonly<Record<string, string | null>>;

export function readBiller(value: Value): KnownBiller | undefined {
  const { biller_id: billerId, name, prefix, time_zone: timeZone } = value;
  const checkDigit = checkDigits.find((kind) => kind === value["check_digit"]);
  if (!billerId || !name || !prefix || !checkDigit || !timeZone || !isTimeZone(timeZone)) return undefined;
  const ownDigits = value["own_digits"] === null ? null : countOf(value["own_digits"]);
  if (ownDigits === undefined) return undefined;
  const voucherGroups = (value["voucher_groups"] ?? "").split(",").filter((code) => code !== "");
  return { billerId, name, prefix, ownDigits, checkDigit, timeZone, voucherGroups };
}

export function readBill(value: Value): KnownBill | undefined {
  const { bill_id: billId, biller_id: billerId, currency } = value;
  const amountOnDueMinor = minorOf(value["amount_on_due"]);
  const amountAfterDueMinor = minorOf(value["amount_after_due"]);
  const dueOn = value["due_on"] ?? null;
  const status = (["open", "beingPaid", "paid"] as const).find((known) => known === value["status"]);
  if (!billId || !billerId || !currency || currencyDecimals(currency) === undefined) return undefined;
  if (!amountOnDueMinor || !amountAfterDueMinor || !status) return undefined;
  if (dueOn !== null && !isDate(dueOn)) return undefined;
  const { payer_name: payerName = null, area = null } = value;
  return {
    billId,
    billerId,
    payerName,
    area,
    currency,
    amountOnDueMinor,
    amountAfterDueMinor,
    dueOn,
    status,
  };
}

export function readFloat(value: Value): KnownFloat | undefined {
  const { currency } = value;
  const floatMinor = minorOf(value["float_minor"]);
  const debtMinor = minorOf(value["debt_minor"]);
  const counted = countOf(value["counted"]);
  if (!currency || currencyDecimals(currency) === undefined) return undefined;
  if (floatMinor === undefined || debtMinor === undefined || counted === undefined) return undefined;
  return { currency, floatMinor, debtMinor, counted };
}

/** What row of a bill shape a deletion names; undefined for another shape. */
export function goneBillRow(
  shape: string,
  value: Value,
): { readonly shape: BillShape; readonly id: string } | undefined {
  if (shape !== "billers" && shape !== "bills" && shape !== "floats") return undefined;
  const id = value[{ billers: "biller_id", bills: "bill_id", floats: "currency" }[shape]];
  return id ? { shape, id } : undefined;
}

function minorOf(text: string | null | undefined): bigint | undefined {
  return text && /^[0-9]{1,18}$/.test(text) ? BigInt(text) : undefined;
}

function countOf(text: string | null | undefined): number | undefined {
  return text && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}
