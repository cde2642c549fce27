/** How values are shown in answers of the console: money as decimal text, moments as numbers, serials as people write them. */
import { z } from "zod";
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";

/** Major units and their currency. */
export const money = z.object({ amount: z.string(), currency: z.string() });
/** Milliseconds since 1970. */
export const moment = z.number();
export const count = z.number().int();

export function shownMoney({ amountMinor, currency }: Money): z.input<typeof money> {
  return { amount: formatMajor({ amountMinor, currency }), currency };
}

export function shownMoment(at: Date): number;
export function shownMoment(at: Date | null): number | null;
export function shownMoment(at: Date | null): number | null {
  return at === null ? null : at.getTime();
}

export function shownSerial(serial: bigint): string;
export function shownSerial(serial: bigint | null): string | null;
export function shownSerial(serial: bigint | null): string | null {
  return serial === null ? null : formatSerial(serial);
}

/** A reason that somebody typed. */
export const because = z.string().trim().min(3).max(500);
/** Of an operation, in hexadecimal. */
export const hash = z.string().regex(/^[0-9a-f]{64}$/);
