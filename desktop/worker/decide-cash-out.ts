/** Whether a voucher may be paid out in cash here, and what is kept of it. Nothing is read or written. */
import type { Money } from "#core/money.ts";
import type { CashOutTerms } from "#sync/documents/operation.ts";
import type { Policy } from "#sync/documents/policy.ts";
import { mostCashFeeMinor } from "#sync/limits.ts";
import type { CashOutBreach } from "#sync/limits.ts";

export interface CashOutFacts {
  /** Whether the server let this till in as an agent's. */
  readonly agent: boolean;
  readonly policy: Policy | "not-fetched" | undefined;
  readonly money: Money;
  readonly atMs: number;
}

export type CashOutDecision =
  | { readonly ok: true; readonly cashOut: CashOutTerms }
  | {
      readonly ok: false;
      readonly refusal: { readonly code: Exclude<CashOutBreach, "over-cash-fee"> | "policy-not-fetched" };
    };

/** The agent keeps what the policy allows, neither more nor less. */
export function decideCashOut({ agent, policy, money, atMs }: CashOutFacts): CashOutDecision {
  if (!agent) return { ok: false, refusal: { code: "not-an-agent" } };
  if (policy === "not-fetched") return { ok: false, refusal: { code: "policy-not-fetched" } };
  const feeMinor = mostCashFeeMinor(policy, money, atMs);
  if (feeMinor === undefined) return { ok: false, refusal: { code: "cash-out-not-allowed" } };
  return { ok: true, cashOut: { feeMinor } };
}
