/**
 * The life of a disbursement batch: accepted whole, approved by a second person, authorised by the payer bank, executed,
 * settled (GovStack Payments BB, bulk disbursement).
 *
 * B1  Nothing is sent before a second person approved the batch and its payer bank said yes.
 * B2  A batch is cancelled before its execution only; afterwards what was not begun is given up, what was begun ends first.
 * B3  `settled` means that every instruction has ended. Failed ones are retried with funds that are authorised anew.
 */
import { setup } from "xstate";

export type BatchState =
  | "received"
  | "authorising"
  | "scheduled"
  | "running"
  | "paused"
  /** Too many instructions failed; a person decides how it goes on. */
  | "halted"
  /** What was not begun is given up; what was begun is still to end. */
  | "ending"
  | "settled"
  /** Settled, and the payer bank is asked for what its failed instructions need. */
  | "reauthorising"
  | "rejected"
  | "unfunded"
  | "cancelled";

export type BatchEvent =
  | { readonly type: "APPROVE" }
  | { readonly type: "REJECT" }
  | { readonly type: "FUNDS_YES" }
  | { readonly type: "FUNDS_NO" }
  | { readonly type: "DUE" }
  | { readonly type: "PAUSE" }
  | { readonly type: "RESUME" }
  | { readonly type: "TOO_MANY_FAILED" }
  | { readonly type: "ALL_ENDED" }
  | { readonly type: "RETRY" }
  | { readonly type: "CANCEL" };

export type BatchEffect =
  | "askForFunds"
  | "holdFunds"
  | "returnFunds"
  | "waitForItsTime"
  | "execute"
  /** Failed instructions wait again. */
  | "reopenFailed"
  /** Instructions that were not begun are cancelled. */
  | "giveUpWaiting"
  /** The instructions' ids are free for another batch. */
  | "freeIds"
  | "releaseFollowers";

export const batchMachine = setup({
  types: { events: {} as BatchEvent },
  actions: {
    askForFunds: () => {},
    holdFunds: () => {},
    returnFunds: () => {},
    waitForItsTime: () => {},
    execute: () => {},
    reopenFailed: () => {},
    giveUpWaiting: () => {},
    freeIds: () => {},
    releaseFollowers: () => {},
  },
}).createMachine({
  id: "batch",
  initial: "received",
  states: {
    received: {
      on: {
        APPROVE: { target: "authorising", actions: "askForFunds" },
        REJECT: { target: "rejected", actions: "freeIds" },
        CANCEL: { target: "cancelled", actions: "freeIds" },
      },
    },
    authorising: {
      on: {
        FUNDS_YES: { target: "scheduled", actions: ["holdFunds", "waitForItsTime"] },
        FUNDS_NO: { target: "unfunded", actions: "freeIds" },
        CANCEL: { target: "cancelled", actions: "freeIds" },
      },
    },
    scheduled: {
      on: {
        DUE: { target: "running", actions: "execute" },
        CANCEL: { target: "cancelled", actions: ["returnFunds", "freeIds"] },
      },
    },
    running: {
      on: {
        PAUSE: { target: "paused" },
        TOO_MANY_FAILED: { target: "halted" },
        ALL_ENDED: { target: "settled", actions: ["returnFunds", "releaseFollowers"] },
        RETRY: { target: "running", actions: ["reopenFailed", "execute"] },
      },
    },
    paused: {
      on: {
        RESUME: { target: "running", actions: "execute" },
        RETRY: { target: "running", actions: ["reopenFailed", "execute"] },
        CANCEL: { target: "ending", actions: ["giveUpWaiting", "execute"] },
      },
    },
    halted: {
      on: {
        RESUME: { target: "running", actions: "execute" },
        RETRY: { target: "running", actions: ["reopenFailed", "execute"] },
        CANCEL: { target: "ending", actions: ["giveUpWaiting", "execute"] },
      },
    },
    ending: { on: { ALL_ENDED: { target: "settled", actions: ["returnFunds", "releaseFollowers"] } } },
    settled: { on: { RETRY: { target: "reauthorising", actions: "askForFunds" } } },
    reauthorising: {
      on: {
        FUNDS_YES: { target: "running", actions: ["holdFunds", "reopenFailed", "execute"] },
        FUNDS_NO: { target: "settled" },
        CANCEL: { target: "settled" },
      },
    },
    rejected: { type: "final" },
    unfunded: { type: "final" },
    cancelled: { type: "final" },
  },
});
