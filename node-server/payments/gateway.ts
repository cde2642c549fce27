/**
 * The way money leaves: credit a merchant, once for each idempotency key. A credit whose outcome is not known is asked
 * for, and sent again, under the same key, only where the provider says that it never received it.
 */
import type { Money } from "#core/money.ts";

export type PayoutOutcome =
  | { readonly outcome: "paid" }
  | { readonly outcome: "failed"; readonly reason: string }
  | { readonly outcome: "unknown" };

export interface Payout {
  /** Derived from the claim, and from how often a credit of it was refused. */
  readonly idempotencyKey: string;
  readonly merchantId: string;
  /** Who keeps the merchant's money, and where; null where that was not registered. */
  readonly fspId: string | null;
  readonly account: string | null;
  /** What the merchant gets: fees are taken off. */
  readonly money: Money;
}

export interface PaymentGateway {
  /**
   * Whether a credit does something outside of this database. Then it is noted before it is sent, so that a crash in
   * between is followed by a question and not by a second credit.
   */
  readonly isExternal: boolean;
  /** How long whoever redeems is kept waiting before it is told to ask again later; ten seconds if unset. */
  readonly callerWaitsMs?: number;
  /**
   * `paid` and `failed` are final for the key: whoever sends it again, at whatever time, is told the same, and nothing
   * is credited then. An implementation that throws has told nothing of the outcome.
   */
  credit(payout: Payout): Promise<PayoutOutcome>;
  /** What became of a credit that may have been sent. */
  outcomeOf(payout: Payout): Promise<PayoutOutcome | { readonly outcome: "not-received" }>;
}
