/**
 * The life of a redemption's claim on a voucher: first it claims, then it pays out (design: settlement).
 *
 * R1  `paid` is reached once; a claim that was released is never paid.
 * R2  A payout with an unknown outcome never releases the claim.
 * R3  Only a claim whose caller waits for the payout is released when it fails; one that a till was told is applied stays
 *     owed and is retried.
 */
import { setup } from "xstate";

export type RedemptionState = "claimed" | "unknown" | "owed" | "paid" | "released";

export interface RedemptionContext {
  /** Whether the merchant gives the goods before the payout's outcome is known: a till's redemption, offline or not. */
  readonly offline: boolean;
}

export type RedemptionEvent =
  | { readonly type: "PAYOUT_PAID" }
  | { readonly type: "PAYOUT_FAILED" }
  | { readonly type: "PAYOUT_UNKNOWN" };

/** `consumeVoucher` and `releaseVoucher` go to the voucher's machine; the others to the ledger and the job queue. */
export type RedemptionEffect =
  | "creditMerchant"
  | "consumeVoucher"
  | "releaseVoucher"
  | "returnFunding"
  | "retryPayout";

export const redemptionMachine = setup({
  types: {
    context: {} as RedemptionContext,
    events: {} as RedemptionEvent,
    input: {} as RedemptionContext,
  },
  guards: { isOffline: ({ context }) => context.offline },
  actions: {
    creditMerchant: () => {},
    consumeVoucher: () => {},
    releaseVoucher: () => {},
    returnFunding: () => {},
    retryPayout: () => {},
  },
}).createMachine({
  id: "redemption",
  context: ({ input }) => input,
  initial: "claimed",
  states: {
    claimed: {
      on: {
        PAYOUT_PAID: { target: "paid", actions: ["creditMerchant", "consumeVoucher"] },
        PAYOUT_FAILED: [
          { guard: "isOffline", target: "owed", actions: ["consumeVoucher", "retryPayout"] },
          { target: "released", actions: ["returnFunding", "releaseVoucher"] },
        ],
        PAYOUT_UNKNOWN: { target: "unknown", actions: "retryPayout" },
      },
    },
    unknown: {
      on: {
        PAYOUT_PAID: { target: "paid", actions: ["creditMerchant", "consumeVoucher"] },
        PAYOUT_FAILED: [
          { guard: "isOffline", target: "owed", actions: ["consumeVoucher", "retryPayout"] },
          { target: "released", actions: ["returnFunding", "releaseVoucher"] },
        ],
        PAYOUT_UNKNOWN: { actions: "retryPayout" },
      },
    },
    owed: {
      on: {
        PAYOUT_PAID: { target: "paid", actions: "creditMerchant" },
        PAYOUT_FAILED: { actions: "retryPayout" },
        PAYOUT_UNKNOWN: { actions: "retryPayout" },
      },
    },
    paid: { type: "final" },
    released: { type: "final" },
  },
});
