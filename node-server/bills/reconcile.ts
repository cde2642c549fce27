/** Reconciliation: a day's payments as we have them against a list of the other side, by reference and bill. */
import type { Money } from "#core/money.ts";

export interface ReconciledPayment extends Money {
  readonly reference: string;
  readonly billId: string;
}

export interface Reconciliation {
  readonly matched: number;
  /** What we have and the other side has not. */
  readonly onlyHere: readonly ReconciledPayment[];
  readonly onlyThere: readonly ReconciledPayment[];
  /** Both have it, and not the same money. */
  readonly differing: readonly { readonly here: ReconciledPayment; readonly there: ReconciledPayment }[];
}

/** A payment that the other side lists twice is matched once; the second is only there. */
export function reconcile(
  here: readonly ReconciledPayment[],
  there: readonly ReconciledPayment[],
): Reconciliation {
  const open = new Map<string, ReconciledPayment[]>();
  for (const payment of here) open.set(keyOf(payment), [...(open.get(keyOf(payment)) ?? []), payment]);
  const onlyThere: ReconciledPayment[] = [];
  const differing: { here: ReconciledPayment; there: ReconciledPayment }[] = [];
  let matched = 0;
  for (const payment of there) {
    const own = open.get(keyOf(payment))?.shift();
    if (!own) onlyThere.push(payment);
    else if (own.amountMinor === payment.amountMinor && own.currency === payment.currency) matched += 1;
    else differing.push({ here: own, there: payment });
  }
  return { matched, onlyHere: [...open.values()].flat(), onlyThere, differing };
}

function keyOf({ reference, billId }: ReconciledPayment): string {
  return JSON.stringify([reference, billId]);
}
