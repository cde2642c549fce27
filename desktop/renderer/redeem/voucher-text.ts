/** What people and scanners type, read as it is meant: any digits, spaces and dashes between them, square codes. */
import { hasLuhnDigit, parseSerial } from "#core/voucher-number.ts";

/** How the text of a voucher's square code begins. */
const tokenPrefix = "PV1:";
export const numberLength = 16;

/** The code in what a scanner typed; undefined where there is none. Spaces belong to it, line ends do not. */
export function tokenIn(text: string): string | undefined {
  const start = text.lastIndexOf(tokenPrefix);
  const token = text.slice(start).replaceAll(/[\r\n\t]/g, "");
  return start === -1 || token.length === tokenPrefix.length ? undefined : token;
}

/** Arabic and Persian digits become those that are signed. */
export function westernDigits(text: string): string {
  return text.replaceAll(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
}

export function digitsOf(text: string): string {
  return westernDigits(text).replaceAll(/[^0-9]/g, "");
}

/** In groups of four, as on the voucher. */
export function groupDigits(digits: string): string {
  return digits.replaceAll(/([0-9]{4})(?=[0-9])/g, "$1 ");
}

export type NumberState = "incomplete" | "wrong" | "right";

/** Wrong is a help for whoever types; the till decides. */
export function numberState(digits: string): NumberState {
  if (digits.length < numberLength) return "incomplete";
  return digits.length === numberLength && hasLuhnDigit(digits) ? "right" : "wrong";
}

/** Undefined where it cannot be a serial number. */
export function serialOf(text: string): string | undefined {
  const digits = westernDigits(text).replaceAll(/[\s-]/g, "");
  return parseSerial(digits) === undefined ? undefined : digits;
}
