/** Payment gateways for tests. There is no real provider to be had here: these are simulated, and say so. */
import type { PaymentGateway, PayoutOutcome } from "../../node-server/payments/gateway.ts";

/** Simulated: answers every credit the same, and has never heard of any when it is asked. */
export function answeringGateway(outcome: PayoutOutcome): PaymentGateway {
  return {
    isExternal: false,
    credit: () => Promise.resolve(outcome),
    outcomeOf: () => Promise.resolve({ outcome: "not-received" }),
  };
}
