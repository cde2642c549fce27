/** Why a voucher's machine refuses an event; each state has its own reason, none are merged (GovStack, "Lifecycle"). */
import type { VoucherContext, VoucherEvent, VoucherState } from "./voucher.machine.ts";

export const voucherRefusalCodes = [
  "not-activated",
  "already-activated",
  "suspended",
  "not-suspended",
  "blocked",
  "being-paid",
  "already-consumed",
  "already-cancelled",
  "expired",
  "purged",
  "leased-to-another-node",
  "already-leased",
  "not-leased",
  "not-being-paid",
  "already-pending",
  "not-ended",
] as const;

export type VoucherRefusalCode = (typeof voucherRefusalCodes)[number];

export interface VoucherRefusal {
  readonly code: VoucherRefusalCode;
}

type Reason = VoucherRefusalCode | ((context: VoucherContext) => VoucherRefusalCode);
type Column = Readonly<Record<VoucherState, Reason | null>>;

/** The reason for refusing `event` in `current`. Throws when the machine accepts that event there. */
export function voucherRefusal(
  current: VoucherContext & { readonly state: VoucherState },
  event: VoucherEvent,
): VoucherRefusal {
  const reason = reasons[event.type][current.state];
  if (reason === null) throw new Error(`${event.type} is not refused for a voucher that is ${current.state}`);
  return { code: typeof reason === "string" ? reason : reason(current) };
}

const ended = {
  consumed: "already-consumed",
  cancelled: "already-cancelled",
  expired: "expired",
  purged: "purged",
} as const;

const unsuspended = ({ pending }: VoucherContext): VoucherRefusalCode =>
  pending === null || pending === "suspend" ? "not-suspended" : "already-pending";

/** One column for each event; null where the machine accepts it whatever the context. */
const reasons: Readonly<Record<VoucherEvent["type"], Column>> = {
  ACTIVATE: {
    ...ended,
    preActivated: null,
    activated: "already-activated",
    leased: "already-activated",
    suspended: "suspended",
    blocked: "blocked",
    redeeming: "being-paid",
  },
  SUSPEND: {
    ...ended,
    preActivated: "not-activated",
    activated: null,
    leased: "already-pending",
    suspended: "suspended",
    blocked: "blocked",
    redeeming: "already-pending",
  },
  UNSUSPEND: {
    ...ended,
    preActivated: "not-activated",
    activated: "not-suspended",
    leased: unsuspended,
    suspended: null,
    blocked: "blocked",
    redeeming: unsuspended,
  },
  BLOCK: {
    ...ended,
    preActivated: null,
    activated: null,
    leased: "already-pending",
    suspended: null,
    blocked: "blocked",
    redeeming: "already-pending",
  },
  CANCEL: {
    ...ended,
    preActivated: null,
    activated: null,
    leased: "already-pending",
    suspended: null,
    blocked: null,
    redeeming: "already-pending",
    expired: null,
  },
  EXPIRE: {
    ...ended,
    preActivated: null,
    activated: null,
    leased: "already-pending",
    suspended: null,
    blocked: "blocked",
    redeeming: "already-pending",
  },
  PURGE: {
    preActivated: "not-ended",
    activated: "not-ended",
    leased: "not-ended",
    suspended: "not-ended",
    blocked: "not-ended",
    redeeming: "being-paid",
    consumed: null,
    cancelled: null,
    expired: null,
    purged: "purged",
  },
  GRANT_LEASE: {
    ...ended,
    preActivated: "not-activated",
    activated: null,
    leased: "already-leased",
    suspended: "suspended",
    blocked: "blocked",
    redeeming: "being-paid",
  },
  RENEW_LEASE: {
    ...ended,
    preActivated: "not-leased",
    activated: "not-leased",
    leased: "already-pending",
    suspended: "not-leased",
    blocked: "not-leased",
    redeeming: "not-leased",
  },
  CLOSE_LEASE: {
    ...ended,
    preActivated: "not-leased",
    activated: "not-leased",
    leased: null,
    suspended: "not-leased",
    blocked: "not-leased",
    redeeming: "not-leased",
  },
  CLAIM: {
    ...ended,
    preActivated: "not-activated",
    activated: null,
    leased: "leased-to-another-node",
    suspended: "suspended",
    blocked: "blocked",
    redeeming: "being-paid",
  },
  RELEASE_CLAIM: {
    ...ended,
    preActivated: "not-being-paid",
    activated: "not-being-paid",
    leased: "not-being-paid",
    suspended: "not-being-paid",
    blocked: "not-being-paid",
    redeeming: null,
  },
  CONSUME: {
    ...ended,
    preActivated: "not-being-paid",
    activated: "not-being-paid",
    leased: "not-being-paid",
    suspended: "not-being-paid",
    blocked: "not-being-paid",
    redeeming: null,
  },
};
