/**
 * Simulated: a payment provider with books of its own, which remembers idempotency keys. What it has credited is the
 * money's edge, where P1 shows.
 */
import type { PaymentGateway, Payout, PayoutOutcome } from "../../node-server/payments/gateway.ts";
import type { World } from "./world.ts";

export class Provider implements PaymentGateway {
  readonly isExternal = true;
  /** Every credit that was made, by key and in order. */
  readonly credits: Payout[] = [];
  readonly #outcomes = new Map<string, PayoutOutcome>();
  readonly #world: World;
  readonly #forgetsKeys: boolean;

  constructor(world: World, forgetsKeys: boolean) {
    this.#world = world;
    this.#forgetsKeys = forgetsKeys;
  }

  async credit(payout: Payout): Promise<PayoutOutcome> {
    const known = this.#outcomes.get(payout.idempotencyKey);
    if (known && !this.#forgetsKeys) return known;
    if (this.#world.strikes(0.1)) return this.#told("lost before it arrived");
    if (this.#world.strikes(0.1)) {
      this.#outcomes.set(payout.idempotencyKey, { outcome: "failed", reason: "the provider refuses" });
      this.#world.note(`provider refuses ${payout.idempotencyKey}`);
      return { outcome: "failed", reason: "the provider refuses" };
    }
    this.credits.push(payout);
    this.#outcomes.set(payout.idempotencyKey, { outcome: "paid" });
    this.#world.note(`provider credits ${payout.idempotencyKey}`);
    if (this.#world.strikes(0.15)) return this.#told("credited, and the answer lost");
    return { outcome: "paid" };
  }

  async outcomeOf(payout: Payout): Promise<PayoutOutcome | { readonly outcome: "not-received" }> {
    if (this.#world.strikes(0.1)) return this.#told("asked in vain");
    if (this.#forgetsKeys) return { outcome: "not-received" };
    return this.#outcomes.get(payout.idempotencyKey) ?? { outcome: "not-received" };
  }

  #told(how: string): PayoutOutcome {
    this.#world.note(`provider: ${how}`);
    return { outcome: "unknown" };
  }
}
