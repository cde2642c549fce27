/**
 * What the server tells an agent's node beside its verdicts: the cash that it has to give back, who had paid the bill before,
 * and what was paid in for the float. It comes over the node's session and is not signed: nothing is allowed because of it,
 * and it is told again.
 *
 * Format 1: first one.
 */
import type { Money } from "#core/money.ts";
import { decodeDocument, encodeDocument, listOf, mapOf, nullable, rowOf, type Decoded } from "./codec.ts";
import {
  amountMinor,
  amountOrNone,
  billId,
  counter,
  currency,
  formatVersion,
  oneOf,
  text,
  timeMs,
} from "./fields.ts";

/** How a bill was paid: at a payer FI, with a voucher, or in cash at an agent's. */
const means = ["account", "voucher", "cash"] as const;

/** Who was first, when, and with how much. */
export interface FirstPayment extends Money {
  /** The name of the agent or of the payer FI. */
  readonly takenBy: string;
  readonly atMs: number;
  readonly means: (typeof means)[number];
  readonly reference: string;
}

export interface ToldRefund extends Money {
  /** Of the payment, which was rejected. */
  readonly sequence: number;
  readonly billId: string;
  readonly reason: string;
  readonly listedAtMs: number;
  readonly refundedAtMs: number | null;
  readonly refundedBy: string | null;
  readonly first: FirstPayment | null;
}

export interface ToldTopUp extends Money {
  readonly id: number;
  /** How much of it settled a debt; the rest became float. */
  readonly settledMinor: bigint;
  /** The float right after it. */
  readonly floatMinor: bigint;
  readonly atMs: number;
}

export interface BillStatement {
  readonly refunds: readonly ToldRefund[];
  readonly topUps: readonly ToldTopUp[];
}

/** The most that is told at once. */
export const mostRefundsTold = 500;
export const mostTopUpsTold = 20;

export function encodeBillStatement(statement: BillStatement): Uint8Array {
  return encodeDocument(billStatement, { format: 1, ...statement });
}

export function decodeBillStatement(bytes: Uint8Array): Decoded<BillStatement> {
  const decoded = decodeDocument(billStatement, bytes);
  if (!decoded.ok) return decoded;
  const { format: _, ...statement } = decoded.value;
  return { ok: true, value: statement };
}

const billStatement = mapOf<BillStatement & { readonly format: 1 }>({
  format: [1, formatVersion(1)],
  refunds: [
    2,
    listOf(
      rowOf<ToldRefund>({
        sequence: counter,
        billId,
        currency,
        amountMinor,
        reason: text(128),
        listedAtMs: timeMs,
        refundedAtMs: nullable(timeMs),
        refundedBy: nullable(text(400)),
        first: nullable(
          rowOf<FirstPayment>({
            takenBy: text(400),
            atMs: timeMs,
            currency,
            amountMinor,
            means: oneOf(...means),
            reference: text(128),
          }),
        ),
      }),
      mostRefundsTold,
    ),
  ],
  topUps: [
    3,
    listOf(
      rowOf<ToldTopUp>({
        id: counter,
        currency,
        amountMinor,
        settledMinor: amountOrNone,
        floatMinor: amountOrNone,
        atMs: timeMs,
      }),
      mostTopUpsTold,
    ),
  ],
});
