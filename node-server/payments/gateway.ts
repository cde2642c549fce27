/**
 * The way money leaves: credit a merchant or a payee, once for each idempotency key. A credit whose outcome is not known is asked
 * for, and sent again, under the same key, only where the provider says that it never received it.
 */
import type { Money } from "#core/money.ts";
import type { AddressKind } from "../ports/disbursement.ts";

/** `reference`: what the provider calls it, by which it is asked for next time. */
export type PayoutOutcome =
  | { readonly outcome: "paid"; readonly reference?: string }
  /** `code`: a reason of ISO 20022, where the provider's own says as much. */
  | { readonly outcome: "failed"; readonly reason: string; readonly code?: string }
  | { readonly outcome: "unknown"; readonly reference?: string };

export interface Payout {
  /** Derived from the claim or instruction, and from how often a credit of it was refused. */
  readonly idempotencyKey: string;
  /** The merchant, or whom a batch pays, as its sender calls them. */
  readonly payeeId: string;
  /** Who keeps the payee's money, and where; null where that was not registered. */
  readonly fspId: string | null;
  readonly account: string | null;
  /** What `account` is, as far as that is known. */
  readonly accountKind?: AddressKind;
  /** What the provider has called the credit, where it has said so. */
  readonly reference?: string;
  /** Credits of one group are sent together where an institution takes them so. */
  readonly group?: string;
  /** What the payee is told. */
  readonly narration?: string;
  /** What the payee gets: fees are taken off. */
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
