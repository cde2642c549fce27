/** Payment gateways for tests. There is no real provider to be had here: these are simulated, and say so. */
import type { PaymentGateway, Payout, PayoutOutcome } from "../../node-server/payments/gateway.ts";

/** Simulated: answers every credit the same, and has never heard of any when it is asked. */
export function answeringGateway(outcome: PayoutOutcome): PaymentGateway {
  return {
    isExternal: false,
    credit: () => Promise.resolve(outcome),
    outcomeOf: () => Promise.resolve({ outcome: "not-received" }),
  };
}

export type Behaviour =
  /** Credits, and says so. */
  | "pays"
  /** Refuses; nothing is credited. */
  | "fails"
  /** Credits, but its answer is lost. */
  | "pays-unheard"
  /** Never received it; its answer is lost all the same. */
  | "lost"
  /** The connection breaks after the credit. */
  | "pays-and-throws"
  | "throws"
  /** Credits once it is asked for the outcome for the second time. */
  | "pays-late"
  /** Credits, and the process that sent it dies before it hears so. */
  | "pays-and-sender-dies"
  /** The process that was to send it dies first. */
  | "sender-dies";

export const behaviours: readonly Behaviour[] = [
  "pays",
  "fails",
  "pays-unheard",
  "lost",
  "pays-and-throws",
  "throws",
  "pays-late",
  "pays-and-sender-dies",
  "sender-dies",
];

/**
 * Simulated: a provider outside of our database, with books of its own. It credits once for each idempotency key,
 * refuses a key for ever once it has refused it, and behaves for each credit as it is told next; asked for an outcome
 * it says what its books hold.
 */
export class SimulatedProvider implements PaymentGateway {
  readonly isExternal = true;
  /** What each payee has, in minor units. */
  readonly credited = new Map<string, bigint>();
  readonly behaviours: Behaviour[];
  /** Credits that were sent, by key; one that arrives again is the same one. */
  readonly arrivals: string[] = [];
  readonly #outcomes = new Map<string, PayoutOutcome>();
  readonly #late = new Map<string, Payout>();

  /** After the last of its behaviours it pays. */
  constructor(behaviours: readonly Behaviour[] = []) {
    this.behaviours = [...behaviours];
  }

  /** `die` ends the sender, for whom there is no answer then. */
  async credit(payout: Payout, die: () => void = () => {}): Promise<PayoutOutcome> {
    this.arrivals.push(payout.idempotencyKey);
    const known = this.#outcomes.get(payout.idempotencyKey);
    if (known) return known;
    // What is under way already is not begun a second time.
    if (this.#late.has(payout.idempotencyKey)) return { outcome: "unknown" };
    switch (this.behaviours.shift() ?? "pays") {
      case "pays":
        return this.#pay(payout);
      case "fails":
        return this.#settle(payout, { outcome: "failed", reason: "the provider refuses" });
      case "pays-unheard":
        this.#pay(payout);
        return { outcome: "unknown" };
      case "lost":
        return { outcome: "unknown" };
      case "pays-and-throws":
        this.#pay(payout);
        throw new Error("the connection broke");
      case "throws":
        throw new Error("the connection broke");
      case "pays-late":
        this.#late.set(payout.idempotencyKey, payout);
        return { outcome: "unknown" };
      case "pays-and-sender-dies":
        this.#pay(payout);
        die();
        return new Promise(() => {});
      case "sender-dies":
        die();
        return new Promise(() => {});
    }
  }

  async outcomeOf(payout: Payout): Promise<PayoutOutcome | { readonly outcome: "not-received" }> {
    const late = this.#late.get(payout.idempotencyKey);
    if (late) {
      this.#late.delete(payout.idempotencyKey);
      this.#pay(late);
      return { outcome: "unknown" };
    }
    return this.#outcomes.get(payout.idempotencyKey) ?? { outcome: "not-received" };
  }

  #pay(payout: Payout): PayoutOutcome {
    const { payeeId, money } = payout;
    this.credited.set(payeeId, (this.credited.get(payeeId) ?? 0n) + money.amountMinor);
    return this.#settle(payout, { outcome: "paid" });
  }

  #settle({ idempotencyKey }: Payout, outcome: PayoutOutcome): PayoutOutcome {
    this.#outcomes.set(idempotencyKey, outcome);
    return outcome;
  }
}
