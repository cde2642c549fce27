/** A policy for tests, with limits that a few vouchers of 12.50 reach. */
import type { CurrencyLimits, Policy } from "#sync/documents/policy.ts";

export function testPolicy(change: Partial<Policy> = {}): Policy {
  return {
    version: 1,
    issuedAtMs: 0,
    expiresAtMs: Date.now() + 365 * 86_400_000,
    atRisk: { redemptions: 3, hours: 72, denyListHours: 24, lateSettlementHours: 48 },
    unanchoredHours: 24,
    clockErrorMs: 120_000,
    currencies: [usd()],
    cashOut: null,
    ...change,
  };
}

export function usd(change: Partial<CurrencyLimits> = {}): CurrencyLimits {
  return {
    currency: "USD",
    voucherMinor: 2000n,
    operationMinor: 2000n,
    sumMinor: 5000n,
    guaranteedMinor: 1000n,
    unanchoredMinor: 5000n,
    ...change,
  };
}
