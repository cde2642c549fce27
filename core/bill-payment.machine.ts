/**
 * The life of a payment for a bill (GovStack Payments BB, P2G: payment notification, mark bill paid). Whoever accepts
 * one holds the bill's row, so that it is judged against the bill as it is.
 *
 * B1  A bill has at most one payment that is advised or acknowledged; another one is refused.
 * B2  Money that is held for a biller is moved on once: to the biller when it acknowledges, back when it rejects.
 * B3  The biller's first answer stands. The same answer again changes nothing; another one is for a person.
 * B4  The payer is told the outcome when it is final, and not before.
 * B5  Cash that was taken for a payment that ends in nothing is listed for refund; it is never silently kept.
 */
import { setup } from "xstate";

export type BillPaymentState =
  /** Judged in the same transaction; never stored. */
  | "received"
  /** Its money is held, and the biller is told until it answers. */
  | "advised"
  | "acknowledged"
  /** By the biller, after the money was held. */
  | "rejected"
  /** By us, before any money was held. */
  | "refused";

export interface BillPaymentContext {
  /** Whether somebody handed over cash for it before it was judged. */
  readonly cash: boolean;
}

export type BillPaymentEvent =
  | { readonly type: "ACCEPT" }
  | { readonly type: "REFUSE" }
  | { readonly type: "BILLER_ACKNOWLEDGES" }
  | { readonly type: "BILLER_REJECTS" };

/** `creditBiller` and `returnMoney` settle a voucher's claim too, where a voucher pays. */
export type BillPaymentEffect =
  | "holdMoney"
  | "adviseBiller"
  | "creditBiller"
  | "returnMoney"
  | "tellPayer"
  | "listRefund";

export const billPaymentMachine = setup({
  types: {
    context: {} as BillPaymentContext,
    events: {} as BillPaymentEvent,
    input: {} as BillPaymentContext,
  },
  guards: { isCash: ({ context }) => context.cash },
  actions: {
    holdMoney: () => {},
    adviseBiller: () => {},
    creditBiller: () => {},
    returnMoney: () => {},
    tellPayer: () => {},
    listRefund: () => {},
  },
}).createMachine({
  id: "billPayment",
  context: ({ input }) => input,
  initial: "received",
  states: {
    received: {
      on: {
        ACCEPT: { target: "advised", actions: ["holdMoney", "adviseBiller"] },
        REFUSE: [
          { guard: "isCash", target: "refused", actions: ["tellPayer", "listRefund"] },
          { target: "refused", actions: "tellPayer" },
        ],
      },
    },
    advised: {
      on: {
        BILLER_ACKNOWLEDGES: { target: "acknowledged", actions: ["creditBiller", "tellPayer"] },
        BILLER_REJECTS: [
          { guard: "isCash", target: "rejected", actions: ["returnMoney", "tellPayer", "listRefund"] },
          { target: "rejected", actions: ["returnMoney", "tellPayer"] },
        ],
      },
    },
    acknowledged: { type: "final" },
    rejected: { type: "final" },
    refused: { type: "final" },
  },
});
