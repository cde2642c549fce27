/**
 * Many credits at once to one receiving institution: one by one through a payment gateway, or together where an
 * institution takes them so. Everything that `./gateway.ts` promises of one credit holds for each.
 */
import type { PaymentGateway, Payout, PayoutOutcome } from "./gateway.ts";

export type AskedOutcome = PayoutOutcome | { readonly outcome: "not-received" };

/** By idempotency key; a credit that is not in it is unknown. */
export type Outcomes<Outcome> = ReadonlyMap<string, Outcome>;

export interface Carrier {
  send(payouts: readonly Payout[]): Promise<Outcomes<PayoutOutcome>>;
  /** What became of credits that may have been sent. */
  ask(payouts: readonly Payout[]): Promise<Outcomes<AskedOutcome>>;
}

/** Credits that are under way at the same time. */
const mostAtOnce = 16;

/** `perSecond`: no more than so many are begun in a second; null for no limit. */
export function oneByOne(gateway: PaymentGateway, perSecond: number | null): Carrier {
  const gapMs = perSecond === null ? 0 : 1000 / perSecond;
  return {
    send: (payouts) => each(payouts, gapMs, (payout) => gateway.credit(payout)),
    ask: (payouts) => each<AskedOutcome>(payouts, gapMs, (payout) => gateway.outcomeOf(payout)),
  };
}

async function each<Outcome extends { readonly outcome: string }>(
  payouts: readonly Payout[],
  gapMs: number,
  work: (payout: Payout) => Promise<Outcome>,
): Promise<Outcomes<Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const waiting = payouts[Symbol.iterator]();
  let nextMs = performance.now();
  const run = async () => {
    for (const payout of waiting) {
      const waitMs = nextMs - performance.now();
      nextMs = Math.max(nextMs, performance.now()) + gapMs;
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      // What throws has told nothing of the outcome.
      const outcome = await work(payout).catch(() => undefined);
      if (outcome) outcomes.set(payout.idempotencyKey, outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, payouts.length) }, run));
  return outcomes;
}
