/**
 * What a policy allows without the server (design section 4.2: "limits fail closed"). The node asks before it takes a
 * voucher, the server when it judges what the node took: the same rules over the same facts.
 *
 * L1  Without a policy, after its end, and for what it does not list, nothing is allowed.
 * L2  Every limit includes the redemption that is asked about.
 */
import { feeOf } from "#core/fee.ts";
import type { Money } from "#core/money.ts";
import type { CurrencyLimits, Policy } from "./documents/policy.ts";

export type AtRiskBreach =
  /** There is no policy, or it allows nothing at risk. */
  | "at-risk-not-allowed"
  | "policy-expired"
  | "currency-not-allowed"
  | "over-amount"
  | "over-sum"
  | "over-count"
  | "over-hours"
  | "deny-list-too-old"
  | "clock-not-trusted";

export type UnanchoredBreach = "clock-not-trusted" | "over-unanchored-hours" | "over-unanchored-amount";

export type CashOutBreach =
  | "not-an-agent"
  /** The policy names no fee for the currency, or it is past its end. */
  | "cash-out-not-allowed"
  | "over-cash-fee";

export interface AtRiskUse {
  readonly money: Money;
  /** When it is redeemed, by the node's trusted time. */
  readonly atMs: number;
  readonly anchored: boolean;
  /** The node's last contact with the server. */
  readonly lastServerTimeMs: number;
  readonly deniedAsOfMs: number;
  /** What was redeemed at risk since that contact, this one not included. */
  readonly before: Used;
}

export interface Used {
  readonly count: number;
  /** In the currency of the redemption. */
  readonly sumMinor: bigint;
}

const hourMs = 3_600_000;

export function atRiskBreach(policy: Policy | undefined, use: AtRiskUse): AtRiskBreach | undefined {
  if (!policy?.atRisk) return "at-risk-not-allowed";
  if (use.atMs >= policy.expiresAtMs) return "policy-expired";
  const { redemptions, hours, denyListHours } = policy.atRisk;
  const limits = limitsIn(policy, use.money.currency);
  if (!limits) return "currency-not-allowed";
  if (!use.anchored) return "clock-not-trusted";
  const { amountMinor } = use.money;
  if (amountMinor > limits.voucherMinor || amountMinor > limits.operationMinor) return "over-amount";
  if (use.before.count + 1 > redemptions) return "over-count";
  if (use.before.sumMinor + amountMinor > limits.sumMinor) return "over-sum";
  if (use.atMs - use.lastServerTimeMs > hours * hourMs) return "over-hours";
  if (use.atMs - use.deniedAsOfMs > denyListHours * hourMs) return "deny-list-too-old";
  return undefined;
}

/** Why a lease is not relied on by a clock that is not anchored (design: "Clock"); undefined where it is. */
export function unanchoredBreach(
  policy: Policy | undefined,
  use: {
    readonly money: Money;
    readonly atMs: number;
    readonly lastServerTimeMs: number;
    readonly sumMinor: bigint;
  },
): UnanchoredBreach | undefined {
  const limits = policy && limitsIn(policy, use.money.currency);
  if (!policy || !limits || use.atMs >= policy.expiresAtMs) return "clock-not-trusted";
  if (use.atMs - use.lastServerTimeMs > policy.unanchoredHours * hourMs) return "over-unanchored-hours";
  return use.sumMinor + use.money.amountMinor > limits.unanchoredMinor ? "over-unanchored-amount" : undefined;
}

/** The most that an agent may keep of an amount; undefined where it is not paid out in cash at all. */
export function mostCashFeeMinor(
  policy: Policy | undefined,
  { amountMinor, currency }: Money,
  atMs: number,
): bigint | undefined {
  const fee = policy?.cashOut?.find((listed) => listed.currency === currency);
  if (!policy || !fee || atMs >= policy.expiresAtMs) return undefined;
  const most = feeOf(amountMinor, { feeFixedMinor: fee.fixedMinor, feeBasisPoints: fee.basisPoints });
  // The beneficiary gets something.
  return most < amountMinor ? most : undefined;
}

export function limitsIn(policy: Policy, currency: string): CurrencyLimits | undefined {
  return policy.currencies.find((limits) => limits.currency === currency);
}
