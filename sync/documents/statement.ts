/**
 * Statements: what the server tells a node about its own redemptions after their verdicts: disputes and payouts. They come
 * over the node's session and are not signed: nothing is allowed because of them, and each is told again.
 *
 * Format 1: first one.
 */
import type { Money } from "#core/money.ts";
import { decodeDocument, encodeDocument, listOf, mapOf, nullable, rowOf, type Decoded } from "./codec.ts";
import {
  amountMinor,
  amountOrNone,
  counter,
  currency,
  formatVersion,
  oneOf,
  serial,
  text,
  timeMs,
  yesOrNo,
} from "./fields.ts";

/** How a dispute stands, as its merchant is told: what is only proposed is nobody's word yet. */
export const disputeStandings = [
  "open",
  "refused",
  "appealed",
  "paid",
  "refusedFinally",
  "writtenOff",
] as const;
export type DisputeStanding = (typeof disputeStandings)[number];

export interface ToldDispute extends Money {
  /** Of the operation that was rejected. */
  readonly sequence: number;
  readonly serial: bigint;
  readonly guaranteedMinor: bigint;
  /** Why it was rejected. */
  readonly reason: string;
  readonly state: DisputeStanding;
  readonly openedAtMs: number;
  readonly decidedAtMs: number | null;
  /** The words of whoever decided. */
  readonly because: string | null;
  readonly appeal: string | null;
}

/** The amount is what was paid: the voucher's less the fee. */
export interface ToldPayout extends Money {
  readonly reference: string;
  readonly sequence: number;
  readonly serial: bigint;
  readonly feeMinor: bigint;
  readonly paidAtMs: number;
  /** Masked; null where the merchant is paid in the server's own ledger. */
  readonly account: string | null;
  /** Who keeps that account. */
  readonly provider: string | null;
}

export interface PayoutStatement {
  readonly payouts: readonly ToldPayout[];
  /** Whether there are later ones. */
  readonly more: boolean;
}

/** The most that is told at once. */
export const mostTold = 500;
/** Bytes of what people write. */
export const mostWords = 2000;

export function encodeDisputes(disputes: readonly ToldDispute[]): Uint8Array {
  return encodeDocument(disputeStatement, { format: 1, disputes });
}

export function decodeDisputes(bytes: Uint8Array): Decoded<readonly ToldDispute[]> {
  const decoded = decodeDocument(disputeStatement, bytes);
  return decoded.ok ? { ok: true, value: decoded.value.disputes } : decoded;
}

export function encodePayouts(statement: PayoutStatement): Uint8Array {
  return encodeDocument(payoutStatement, { format: 1, ...statement });
}

export function decodePayouts(bytes: Uint8Array): Decoded<PayoutStatement> {
  const decoded = decodeDocument(payoutStatement, bytes);
  if (!decoded.ok) return decoded;
  const { format: _, ...statement } = decoded.value;
  return { ok: true, value: statement };
}

const disputeStatement = mapOf<{ readonly format: 1; readonly disputes: readonly ToldDispute[] }>({
  format: [1, formatVersion(1)],
  disputes: [
    2,
    listOf(
      rowOf<ToldDispute>({
        sequence: counter,
        serial,
        currency,
        amountMinor,
        guaranteedMinor: amountOrNone,
        reason: text(128),
        state: oneOf(...disputeStandings),
        openedAtMs: timeMs,
        decidedAtMs: nullable(timeMs),
        because: nullable(text(mostWords)),
        appeal: nullable(text(mostWords)),
      }),
      mostTold,
    ),
  ],
});

const payoutStatement = mapOf<PayoutStatement & { readonly format: 1 }>({
  format: [1, formatVersion(1)],
  payouts: [
    2,
    listOf(
      rowOf<ToldPayout>({
        reference: text(64),
        sequence: counter,
        serial,
        currency,
        amountMinor: amountOrNone,
        feeMinor: amountOrNone,
        paidAtMs: timeMs,
        account: nullable(text(128)),
        provider: nullable(text(256)),
      }),
      mostTold,
    ),
  ],
  more: [3, yesOrNo],
});
