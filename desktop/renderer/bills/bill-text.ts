/** What people and scanners type of a bill, read as it is meant, and looked at while it is typed. */
import { billIdRefusal } from "#core/bill.ts";
import type { Biller } from "../../protocol.ts";
import { westernDigits } from "../redeem/voucher-text.ts";

/** A bill's number in a text: the text itself, or a part of what a square code holds. Undefined where there is none. */
export function billIn(text: string, billers: readonly Biller[]): string | undefined {
  const parts = westernDigits(text).split(/[^0-9A-Za-z-]+/);
  const whole = westernDigits(text).replaceAll(/\s/g, "");
  const read = [whole, ...parts.toReversed()].flatMap((part) => [part, part.toUpperCase()]);
  // Where a biller's own numbers are any text, a word could be one: it has a digit at least.
  return read.find(
    (part) => /[0-9]/.test(part) && billers.some((biller) => billIdRefusal(part, biller) === undefined),
  );
}

export type BillIdState =
  | { readonly kind: "name" }
  | { readonly kind: "unknown-biller" }
  | { readonly kind: "incomplete"; readonly given: number; readonly of: number }
  | { readonly kind: "wrong-length" | "wrong-check-digit" }
  | { readonly kind: "right"; readonly billId: string; readonly biller: Biller };

/** Wrong is a help for whoever types; the till decides. */
export function billIdState(text: string, billers: readonly Biller[]): BillIdState {
  const typed = westernDigits(text).replaceAll(/\s/g, "").toUpperCase();
  const biller = billers.find(({ prefix }) => typed.startsWith(prefix.toUpperCase()));
  if (!biller) return looksLikeId(typed) ? { kind: "unknown-biller" } : { kind: "name" };
  const billId = biller.prefix + typed.slice(biller.prefix.length);
  const own = typed.slice(biller.prefix.length);
  const { ownDigits } = biller;
  if (own === "") return { kind: "name" };
  if (ownDigits !== null && /^[0-9]+$/.test(own) && own.length < ownDigits)
    return { kind: "incomplete", given: own.length, of: ownDigits };
  // A name may begin as a biller's numbers do.
  if (!/[0-9]/.test(own)) return { kind: "name" };
  const refusal = billIdRefusal(billId, biller);
  if (refusal === undefined) return { kind: "right", billId, biller };
  return { kind: refusal === "wrong-check-digit" ? refusal : "wrong-length" };
}

function looksLikeId(typed: string): boolean {
  return /^[A-Z-]*[0-9]{3,}/.test(typed);
}
