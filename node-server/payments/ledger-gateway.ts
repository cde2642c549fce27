/**
 * The built-in gateway: merchants hold their money in our own ledger, so a credit is only refused when the
 * merchant's account is closed. The entry itself is booked with the claim's outcome (`./settle-claim.ts`).
 */
import type { Store } from "../ports/store.ts";
import type { PaymentGateway } from "./gateway.ts";

export function createLedgerGateway(store: Store): PaymentGateway {
  return {
    isExternal: false,
    credit: ({ merchantId }) =>
      store.transaction(async (tx) => {
        const merchant = await tx.registry.merchant(merchantId);
        return merchant?.status === "active"
          ? { outcome: "paid" }
          : { outcome: "failed", reason: "the merchant's account is closed" };
      }),
    outcomeOf: () => Promise.resolve({ outcome: "not-received" }),
  };
}
