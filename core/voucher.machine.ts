/**
 * The life of a voucher (GovStack Payments BB, vouchers: "Lifecycle"; design: no voucher is paid twice).
 *
 * V1  A voucher is consumed at most once, and never comes back from `consumed`.
 * V2  Funding is released exactly when a voucher leaves its reserved states without being consumed.
 * V3  While a voucher is leased or being paid, cancel, suspend, block and expiry are only noted (`pending`); they
 *     take effect when the lease closes or the claim is released, unless a redemption came first.
 * V4  `cancelled` and `purged` are final, but for the purge of a cancelled voucher.
 */
import { assign, setup } from "xstate";

export type VoucherState =
  | "preActivated"
  | "activated"
  | "leased"
  | "suspended"
  | "blocked"
  | "redeeming"
  | "consumed"
  | "cancelled"
  | "expired"
  | "purged";

/** What waits for a lease to close or a claim to be released. */
export type PendingEnd = "cancel" | "suspend" | "block" | "expire";

export interface VoucherContext {
  readonly pending: PendingEnd | null;
}

export type VoucherEvent =
  | { readonly type: "ACTIVATE" }
  | { readonly type: "SUSPEND" }
  | { readonly type: "UNSUSPEND" }
  | { readonly type: "BLOCK" }
  | { readonly type: "CANCEL" }
  /** The validity ended, or the reservation of a voucher never activated lapsed. */
  | { readonly type: "EXPIRE" }
  | { readonly type: "PURGE" }
  | { readonly type: "GRANT_LEASE" }
  /** The lease goes on under a new epoch. */
  | { readonly type: "RENEW_LEASE" }
  | { readonly type: "CLOSE_LEASE" }
  /** A redemption takes the voucher; `entitled` when its lease is the open one, or the open one is just closing. */
  | { readonly type: "CLAIM"; readonly entitled: boolean }
  | { readonly type: "RELEASE_CLAIM" }
  | { readonly type: "CONSUME" };

export type VoucherEffect = "releaseFunding" | "recallLease" | "endLease";

export const voucherMachine = setup({
  types: {
    context: {} as VoucherContext,
    events: {} as VoucherEvent,
    input: {} as VoucherContext,
  },
  guards: {
    nothingPending: ({ context }) => context.pending === null,
    cancelPending: ({ context }) => context.pending === "cancel",
    blockPending: ({ context }) => context.pending === "block",
    expiryPending: ({ context }) => context.pending === "expire",
    suspendPending: ({ context }) => context.pending === "suspend",
    weakerPending: ({ context, event }) => strength(context.pending) < strength(pendingOf(event)),
    isEntitled: ({ event }) => event.type === "CLAIM" && event.entitled,
  },
  actions: {
    releaseFunding: () => {},
    recallLease: () => {},
    endLease: () => {},
    forgetPending: assign({ pending: null }),
    noteCancel: assign({ pending: "cancel" }),
    noteSuspend: assign({ pending: "suspend" }),
    noteBlock: assign({ pending: "block" }),
    noteExpiry: assign({ pending: "expire" }),
  },
}).createMachine({
  id: "voucher",
  context: ({ input }) => input,
  initial: "preActivated",
  states: {
    preActivated: {
      on: {
        ACTIVATE: "activated",
        BLOCK: "blocked",
        CANCEL: { target: "cancelled", actions: "releaseFunding" },
        EXPIRE: { target: "expired", actions: "releaseFunding" },
      },
    },
    activated: {
      on: {
        SUSPEND: "suspended",
        BLOCK: "blocked",
        CANCEL: { target: "cancelled", actions: "releaseFunding" },
        EXPIRE: { target: "expired", actions: "releaseFunding" },
        GRANT_LEASE: "leased",
        CLAIM: "redeeming",
      },
    },
    leased: {
      on: {
        CANCEL: { guard: "weakerPending", actions: ["noteCancel", "recallLease"] },
        SUSPEND: { guard: "weakerPending", actions: ["noteSuspend", "recallLease"] },
        UNSUSPEND: { guard: "suspendPending", actions: "forgetPending" },
        BLOCK: { guard: "weakerPending", actions: ["noteBlock", "recallLease"] },
        EXPIRE: { guard: "weakerPending", actions: ["noteExpiry", "recallLease"] },
        RENEW_LEASE: { guard: "nothingPending", target: "leased" },
        CLOSE_LEASE: [
          { guard: "nothingPending", target: "activated", actions: "endLease" },
          {
            guard: "cancelPending",
            target: "cancelled",
            actions: ["endLease", "releaseFunding", "forgetPending"],
          },
          {
            guard: "expiryPending",
            target: "expired",
            actions: ["endLease", "releaseFunding", "forgetPending"],
          },
          { guard: "blockPending", target: "blocked", actions: ["endLease", "forgetPending"] },
          { target: "suspended", actions: ["endLease", "forgetPending"] },
        ],
        CLAIM: { guard: "isEntitled", target: "redeeming", actions: "endLease" },
      },
    },
    suspended: {
      on: {
        UNSUSPEND: "activated",
        BLOCK: "blocked",
        CANCEL: { target: "cancelled", actions: "releaseFunding" },
        EXPIRE: { target: "expired", actions: "releaseFunding" },
      },
    },
    blocked: {
      on: { CANCEL: { target: "cancelled", actions: "releaseFunding" } },
    },
    redeeming: {
      on: {
        CANCEL: { guard: "weakerPending", actions: "noteCancel" },
        SUSPEND: { guard: "weakerPending", actions: "noteSuspend" },
        UNSUSPEND: { guard: "suspendPending", actions: "forgetPending" },
        BLOCK: { guard: "weakerPending", actions: "noteBlock" },
        EXPIRE: { guard: "weakerPending", actions: "noteExpiry" },
        RELEASE_CLAIM: [
          { guard: "nothingPending", target: "activated" },
          { guard: "cancelPending", target: "cancelled", actions: ["releaseFunding", "forgetPending"] },
          { guard: "expiryPending", target: "expired", actions: ["releaseFunding", "forgetPending"] },
          { guard: "blockPending", target: "blocked", actions: "forgetPending" },
          { target: "suspended", actions: "forgetPending" },
        ],
        CONSUME: { target: "consumed", actions: "forgetPending" },
      },
    },
    consumed: { on: { PURGE: "purged" } },
    cancelled: { on: { PURGE: "purged" } },
    expired: { on: { CANCEL: "cancelled", PURGE: "purged" } },
    purged: { type: "final" },
  },
});

/** A stronger end replaces a weaker one that is waiting; an equal or weaker one is refused as already pending. */
function strength(pending: PendingEnd | null): number {
  return pending === null ? 0 : { suspend: 1, expire: 2, block: 3, cancel: 4 }[pending];
}

function pendingOf(event: VoucherEvent): PendingEnd | null {
  switch (event.type) {
    case "CANCEL":
      return "cancel";
    case "SUSPEND":
      return "suspend";
    case "BLOCK":
      return "block";
    case "EXPIRE":
      return "expire";
    case "ACTIVATE":
    case "UNSUSPEND":
    case "PURGE":
    case "GRANT_LEASE":
    case "RENEW_LEASE":
    case "CLOSE_LEASE":
    case "CLAIM":
    case "RELEASE_CLAIM":
    case "CONSUME":
      return null;
  }
}
