/**
 * The way money leaves: credit a merchant, once for each idempotency key. An outcome that is not known is asked for
 * again with the same key, never repeated under another.
 */
import type { Money } from "#core/money.ts";

export type PayoutOutcome =
  | { readonly outcome: "paid" }
  | { readonly outcome: "failed"; readonly reason: string }
  | { readonly outcome: "unknown" };

export interface PaymentGateway {
  credit(payout: {
    /** Derived from the claim. */
    readonly idempotencyKey: string;
    readonly merchantId: string;
    readonly money: Money;
  }): Promise<PayoutOutcome>;
}
