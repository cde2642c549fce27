/**
 * Whether this till may take a voucher, decided from what it knows (design sections 4.1, 4.4 and "Clock"). Nothing is
 * read or written here.
 *
 * R1  Each reason has its own code, and the first that applies is told.
 * R2  A lease counts only under the server's signature, for this node, and until its time by the trusted clock.
 * R3  The number is checked against the token before anything is signed.
 */
import { decideVoucher } from "#core/decide.ts";
import type { VoucherSnapshot } from "#core/decide.ts";
import { isOpen } from "#core/operation.machine.ts";
import type { OperationState } from "#core/operation.machine.ts";
import type { TrustedTime, UnanchoredLimits } from "#sync/clock.ts";
import type { Epoch, Lease } from "#sync/documents/lease.ts";
import type { VoucherToken } from "#sync/documents/voucher-token.ts";
import { sameEpoch } from "#sync/epoch.ts";

/** What this node has done to the voucher before. */
export interface EarlierRedemption {
  readonly operationId: string;
  readonly createdMs: number;
  readonly mode: "leased" | "online";
  readonly actor: string;
  readonly live: boolean;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly epoch: Epoch | null;
}

export interface RedemptionFacts {
  readonly nodeId: string;
  readonly serial: bigint;
  /** The voucher's token under a trusted signature. Undefined when there is none at hand. */
  readonly token: VoucherToken | undefined;
  /** The lease under a trusted signature; `not-valid` when the stored one does not verify. */
  readonly lease: Lease | "not-valid" | undefined;
  /** Whether the lease's row has disappeared: the server has closed the lease, or is about to. */
  readonly withdrawn: boolean;
  readonly numberFits: boolean;
  readonly earlier: readonly EarlierRedemption[];
  readonly time: TrustedTime;
  readonly lastServerTimeMs: number | undefined;
  readonly limits: UnanchoredLimits;
  /** Leased redemptions made since the last contact. */
  readonly leasedSinceContact: number;
  readonly offline: boolean;
}

export type RedemptionRefusal =
  | { readonly code: "already-redeemed-here"; readonly earlier: EarlierRedemption }
  /** It was sent to the server before, which has not decided. */
  | { readonly code: "verdict-awaited"; readonly earlier: EarlierRedemption }
  | { readonly code: "rejected-before"; readonly earlier: EarlierRedemption }
  | { readonly code: "not-leased-here" }
  | { readonly code: "token-needed" }
  | { readonly code: "lease-not-valid" }
  | { readonly code: "lease-ended"; readonly notAfterMs: number }
  | { readonly code: "voucher-expired"; readonly expiresAtMs: number }
  | { readonly code: "wrong-number" }
  | { readonly code: "clock-not-trusted" };

export type RedemptionDecision =
  | { readonly ok: true; readonly mode: "leased"; readonly token: VoucherToken; readonly epoch: Epoch }
  | { readonly ok: true; readonly mode: "online"; readonly token: VoucherToken; readonly epoch: null }
  | { readonly ok: false; readonly refusal: RedemptionRefusal };

export function decideRedemptionHere(facts: RedemptionFacts): RedemptionDecision {
  const { earlier, token, time } = facts;
  const lease = facts.lease === "not-valid" ? undefined : usableLease(facts);
  const claim = decideVoucher(voucherHere(earlier, lease !== undefined), {
    type: "CLAIM",
    entitled: lease !== undefined,
  });
  if (!claim.ok) return refused(alreadyTaken(earlier));
  if (facts.lease === "not-valid") return refused({ code: "lease-not-valid" });
  const standing = lease ? undefined : withoutLease(facts);
  if (standing) return refused(standing);
  if (!token) return refused({ code: "token-needed" });
  if (token.expiresAtMs <= time.nowMs) {
    return refused({ code: "voucher-expired", expiresAtMs: token.expiresAtMs });
  }
  if (!facts.numberFits) return refused({ code: "wrong-number" });
  if (!lease) return { ok: true, mode: "online", token, epoch: null };
  if (!time.anchored && !withinLimits(facts)) return refused({ code: "clock-not-trusted" });
  return { ok: true, mode: "leased", token, epoch: lease.epoch };
}

/** The voucher's machine as this node knows it: its own live redemption, its own lease, or neither. */
function voucherHere(earlier: readonly EarlierRedemption[], leased: boolean): VoucherSnapshot {
  const live = earlier.find((redemption) => redemption.live);
  if (live) return { state: live.state === "applied" ? "consumed" : "redeeming", pending: null };
  return { state: leased ? "leased" : "activated", pending: null };
}

function alreadyTaken(earlier: readonly EarlierRedemption[]): RedemptionRefusal {
  const live = earlier.find((redemption) => redemption.live);
  if (!live) throw new Error("a voucher without a live redemption can be claimed");
  const isAwaited = live.mode === "online" && isOpen(live.state);
  return { code: isAwaited ? "verdict-awaited" : "already-redeemed-here", earlier: live };
}

/** A lease that is ours, has not run out, and under which nothing of ours was rejected. */
function usableLease(facts: RedemptionFacts): Lease | undefined {
  const lease = ourLease(facts);
  if (!lease || lease.notAfterMs <= facts.time.nowMs) return undefined;
  const isUsed = facts.earlier.some(({ epoch }) => epoch !== null && sameEpoch(epoch, lease.epoch));
  return isUsed ? undefined : lease;
}

function ourLease({ lease, nodeId, serial }: RedemptionFacts): Lease | undefined {
  if (!lease || lease === "not-valid") return undefined;
  return lease.nodeId === nodeId && lease.serial === serial ? lease : undefined;
}

/** Why the voucher cannot be taken without a usable lease; undefined when the server may be asked. */
function withoutLease(facts: RedemptionFacts): RedemptionRefusal | undefined {
  const { withdrawn, earlier, offline, token } = facts;
  const rejected = earlier.find(({ state }) => state === "rejected");
  if (rejected && offline) return { code: "rejected-before", earlier: rejected };
  const lease = ourLease(facts);
  // While the server still has the lease open, asking it would only have the claim held until the lease closes.
  if (lease && !rejected && (offline || !withdrawn))
    return { code: "lease-ended", notAfterMs: lease.notAfterMs };
  if (offline) return { code: "not-leased-here" };
  return token ? undefined : { code: "token-needed" };
}

/** Without an anchored clock a lease may have ended unseen, so only a few are relied on, and not for long. */
function withinLimits({ time, lastServerTimeMs, limits, leasedSinceContact }: RedemptionFacts): boolean {
  if (lastServerTimeMs === undefined) return false;
  const isRecent = time.nowMs - lastServerTimeMs <= limits.hours * 3_600_000;
  return isRecent && leasedSinceContact < limits.redemptions;
}

function refused(refusal: RedemptionRefusal): RedemptionDecision {
  return { ok: false, refusal };
}
