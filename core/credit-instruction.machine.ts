/**
 * The life of one credit instruction of a disbursement batch (GovStack Payments BB, bulk disbursement).
 *
 * C1  It is paid at most once: `paid` is final.
 * C2  A credit with an unknown outcome is asked for; it is never sent again while it may have been paid.
 * C3  Only an instruction that is known to have failed is retried.
 */
import { setup } from "xstate";

export type CreditInstructionState =
  | "waiting"
  /** A credit is noted, and may have been sent. */
  | "sent"
  | "unknown"
  | "paid"
  | "failed"
  | "cancelled";

export type CreditInstructionEvent =
  | { readonly type: "SEND" }
  /** Nothing was sent: there is nobody, or nowhere, to pay. */
  | { readonly type: "REFUSE" }
  | { readonly type: "PAID" }
  | { readonly type: "FAILED" }
  | { readonly type: "UNKNOWN" }
  | { readonly type: "RETRY" }
  | { readonly type: "CANCEL" };

export type CreditInstructionEffect = "noteCredit" | "debitBatch" | "giveReceipt" | "askAgain";

export const creditInstructionMachine = setup({
  types: { events: {} as CreditInstructionEvent },
  actions: {
    noteCredit: () => {},
    debitBatch: () => {},
    giveReceipt: () => {},
    askAgain: () => {},
  },
}).createMachine({
  id: "creditInstruction",
  initial: "waiting",
  states: {
    waiting: {
      on: {
        SEND: { target: "sent", actions: "noteCredit" },
        REFUSE: { target: "failed" },
        CANCEL: { target: "cancelled" },
      },
    },
    sent: {
      on: {
        PAID: { target: "paid", actions: ["debitBatch", "giveReceipt"] },
        FAILED: { target: "failed" },
        UNKNOWN: { target: "unknown", actions: "askAgain" },
      },
    },
    unknown: {
      on: {
        PAID: { target: "paid", actions: ["debitBatch", "giveReceipt"] },
        FAILED: { target: "failed" },
        UNKNOWN: { target: "unknown", actions: "askAgain" },
      },
    },
    failed: { on: { RETRY: { target: "waiting" } } },
    paid: { type: "final" },
    cancelled: { type: "final" },
  },
});
