/**
 * A fee on an amount: what a redemption costs the merchant (GovStack vouchers, "Redemption pays": fees as configured), and
 * what an agent keeps of a voucher that it pays out in cash.
 */

/**
 * A fixed part and a share, in minor units of one currency. The share is rounded down, in the merchant's favour, and the
 * fee is never more than the amount.
 */
export function feeOf(
  amountMinor: bigint,
  terms: { readonly feeFixedMinor: bigint; readonly feeBasisPoints: number },
): bigint {
  const fee = terms.feeFixedMinor + (amountMinor * BigInt(terms.feeBasisPoints)) / 10_000n;
  return fee < amountMinor ? fee : amountMinor;
}
