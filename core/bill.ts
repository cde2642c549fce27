/**
 * Bills (GovStack Payments BB, P2G): an id of the biller's prefix and its own digits, an amount up to the due date and one
 * after it. A bill is paid whole or not at all.
 */
import { hasLuhnDigit } from "./voucher-number.ts";

/** How a biller's own part of a bill id ends: ISO/IEC 7812-1, ISO 7064 MOD 97-10, or nothing to check. */
export const checkDigits = ["none", "luhn", "mod97"] as const;

export type CheckDigit = (typeof checkDigits)[number];

export interface BillIdRules {
  readonly prefix: string;
  /** How many digits the biller's own part has; null where it is any text. */
  readonly ownDigits: number | null;
  readonly checkDigit: CheckDigit;
}

export type BillIdRefusal = "other-prefix" | "wrong-length" | "wrong-check-digit";

/** Why the id cannot be one of the biller's; undefined where it can. */
export function billIdRefusal(billId: string, rules: BillIdRules): BillIdRefusal | undefined {
  if (!billId.startsWith(rules.prefix)) return "other-prefix";
  const own = billId.slice(rules.prefix.length);
  if (rules.ownDigits === null) return /^[0-9A-Za-z-]+$/.test(own) ? undefined : "wrong-length";
  if (!/^[0-9]+$/.test(own) || own.length !== rules.ownDigits) return "wrong-length";
  return hasCheckDigit(own, rules.checkDigit) ? undefined : "wrong-check-digit";
}

function hasCheckDigit(own: string, kind: CheckDigit): boolean {
  switch (kind) {
    case "none":
      return true;
    case "luhn":
      return hasLuhnDigit(own);
    case "mod97":
      return own.length > 2 && BigInt(own) % 97n === 1n;
  }
}

export interface AmountsDue {
  /** The last day, at the biller's place, on which `amountOnDueMinor` pays the bill; null for a bill without one. */
  readonly dueOn: string | null;
  readonly amountOnDueMinor: bigint;
  readonly amountAfterDueMinor: bigint;
}

/** Whether its due date is over on a day at the biller's place. */
export function isOverdue({ dueOn }: Pick<AmountsDue, "dueOn">, today: string): boolean {
  return dueOn !== null && today > dueOn;
}

/** What pays the bill on a day at the biller's place, in minor units. */
export function amountDueMinor(amounts: AmountsDue, today: string): bigint {
  return isOverdue(amounts, today) ? amounts.amountAfterDueMinor : amounts.amountOnDueMinor;
}
