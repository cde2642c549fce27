/**
 * Whether this till may take a voucher, decided from what it knows (design sections 4.1, 4.4 and "Clock"). Nothing is
 * read or written here.
 *
 * R1  Each reason has its own code, and the first that applies is told.
 * R2  A lease counts only under the server's signature, for this node, and until its time by the trusted clock.
 * R3  The number is checked against the token before anything is signed.
 * R4  Without a lease and without the server only a voucher of an at-risk group is taken, within the policy that the server
 *     named at the last contact; what is not known allows nothing.
 */
import { decideVoucher } from "#core/decide.ts";
import type { VoucherSnapshot } from "#core/decide.ts";
import { isOpen } from "#core/operation.machine.ts";
import type { OperationState } from "#core/operation.machine.ts";
import type { TrustedTime } from "#sync/clock.ts";
import type { Epoch, Lease } from "#sync/documents/lease.ts";
import type { RedemptionMode } from "#sync/documents/operation.ts";
import type { Policy } from "#sync/documents/policy.ts";
import type { VoucherToken } from "#sync/documents/voucher-token.ts";
import { sameEpoch } from "#sync/epoch.ts";
import { atRiskBreach, unanchoredBreach } from "#sync/limits.ts";
import type { AtRiskBreach, UnanchoredBreach, Used } from "#sync/limits.ts";

/** What this node has done to the voucher before. */
export interface EarlierRedemption {
  readonly operationId: string;
  readonly createdMs: number;
  readonly mode: RedemptionMode;
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
  /** Whether this node has given the lease back. */
  readonly givenBack: boolean;
  /** The other till of this merchant that holds it, as far as this node was told. */
  readonly elsewhere: { readonly till: string; readonly notAfterMs: number } | undefined;
  readonly numberFits: boolean;
  readonly earlier: readonly EarlierRedemption[];
  /** Whether it pays a bill here, or is about to. */
  readonly payingBill: boolean;
  readonly time: TrustedTime;
  readonly lastServerTimeMs: number | undefined;
  /** How far the wall clock was ahead of the server's at the last contact. */
  readonly clockOffsetMs: number;
  /** The policy that the server named at the last contact; `not-fetched` when it named one that did not come yet. */
  readonly policy: Policy | "not-fetched" | undefined;
  /** At risk since the last contact; the sum is in the token's currency. */
  readonly usedAtRisk: Used;
  /** Under leases by a clock that is not anchored since the last contact, in the token's currency. */
  readonly usedUnanchoredMinor: bigint;
  readonly isDenied: boolean;
  /** As of when the deny list was complete; undefined where it never was. */
  readonly deniedAsOfMs: number | undefined;
  /** Whether this node's merchant may redeem the voucher's group. */
  readonly groupAccepted: boolean;
  readonly offline: boolean;
}

export type RedemptionRefusal =
  | { readonly code: "already-redeemed-here"; readonly earlier: EarlierRedemption }
  /** It was sent to the server before, which has not decided. */
  | { readonly code: "verdict-awaited"; readonly earlier: EarlierRedemption }
  | { readonly code: "rejected-before"; readonly earlier: EarlierRedemption }
  | { readonly code: "pays-a-bill-here" }
  | { readonly code: "not-leased-here" }
  | { readonly code: "at-other-till"; readonly till: string; readonly notAfterMs: number }
  | { readonly code: "lease-given-back" }
  | { readonly code: "token-needed" }
  | { readonly code: "lease-not-valid" }
  | { readonly code: "lease-ended"; readonly notAfterMs: number }
  | { readonly code: "voucher-expired"; readonly expiresAtMs: number }
  | { readonly code: "wrong-number" }
  | {
      readonly code:
        | AtRiskBreach
        | UnanchoredBreach
        | "policy-not-fetched"
        | "clock-off"
        | "voucher-denied"
        | "wrong-merchant-group";
    };

export type RedemptionDecision =
  | { readonly ok: true; readonly mode: "leased"; readonly token: VoucherToken; readonly epoch: Epoch }
  | { readonly ok: true; readonly mode: "online"; readonly token: VoucherToken; readonly epoch: null }
  | {
      readonly ok: true;
      readonly mode: "at-risk";
      readonly token: VoucherToken;
      readonly epoch: null;
      readonly deniedAsOfMs: number;
    }
  | { readonly ok: false; readonly refusal: RedemptionRefusal };

export function decideRedemptionHere(facts: RedemptionFacts): RedemptionDecision {
  const { earlier, token, time } = facts;
  const lease = facts.lease === "not-valid" ? undefined : usableLease(facts);
  const claim = decideVoucher(voucherHere(earlier, lease !== undefined), {
    type: "CLAIM",
    entitled: lease !== undefined,
  });
  if (!claim.ok) return refused(alreadyTaken(earlier));
  if (facts.payingBill) return refused({ code: "pays-a-bill-here" });
  if (facts.lease === "not-valid") return refused({ code: "lease-not-valid" });
  const standing = lease ? undefined : withoutLease(facts);
  if (standing) return refused(standing);
  if (!token) return refused({ code: "token-needed" });
  if (token.expiresAtMs <= time.nowMs) {
    return refused({ code: "voucher-expired", expiresAtMs: token.expiresAtMs });
  }
  if (!facts.numberFits) return refused({ code: "wrong-number" });
  if (!lease)
    return facts.offline ? decideAtRisk(facts, token) : { ok: true, mode: "online", token, epoch: null };
  const unanchored = time.anchored ? undefined : unanchoredRefusal(facts, token);
  if (unanchored) return refused(unanchored);
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

/** A lease that is ours, has not run out, was not given back, and under which nothing of ours was rejected. */
function usableLease(facts: RedemptionFacts): Lease | undefined {
  const lease = ourLease(facts);
  if (!lease || facts.givenBack || lease.notAfterMs <= facts.time.nowMs) return undefined;
  const isUsed = facts.earlier.some(({ epoch }) => epoch !== null && sameEpoch(epoch, lease.epoch));
  return isUsed ? undefined : lease;
}

function ourLease({ lease, nodeId, serial }: RedemptionFacts): Lease | undefined {
  if (!lease || lease === "not-valid") return undefined;
  return lease.nodeId === nodeId && lease.serial === serial ? lease : undefined;
}

/** Why the voucher cannot be taken without a usable lease; undefined when the server may be asked. */
function withoutLease(facts: RedemptionFacts): RedemptionRefusal | undefined {
  const { withdrawn, earlier, offline, token, givenBack, elsewhere } = facts;
  const rejected = earlier.find(({ state }) => state === "rejected");
  if (rejected && offline) return { code: "rejected-before", earlier: rejected };
  if (givenBack && offline) return { code: "lease-given-back" };
  const lease = givenBack ? undefined : ourLease(facts);
  // While the server still has the lease open, asking it would only have the claim held until the lease closes.
  if (lease && !rejected && (offline || !withdrawn))
    return { code: "lease-ended", notAfterMs: lease.notAfterMs };
  if (offline && elsewhere) return { code: "at-other-till", ...elsewhere };
  if (offline) return token?.atRisk ? undefined : { code: "not-leased-here" };
  return token ? undefined : { code: "token-needed" };
}

/** R4. What the server would refuse anyway comes first, then the limits. */
function decideAtRisk(facts: RedemptionFacts, token: VoucherToken): RedemptionDecision {
  const { policy, time, lastServerTimeMs, deniedAsOfMs } = facts;
  if (!facts.groupAccepted) return refused({ code: "wrong-merchant-group" });
  if (facts.isDenied) return refused({ code: "voucher-denied" });
  if (policy === "not-fetched") return refused({ code: "policy-not-fetched" });
  if (policy && isOff(facts, policy)) return refused({ code: "clock-off" });
  const breach = atRiskBreach(policy, {
    money: token,
    atMs: time.nowMs,
    anchored: time.anchored,
    // A list or a contact that never was is one of the beginning of time.
    lastServerTimeMs: lastServerTimeMs ?? 0,
    deniedAsOfMs: deniedAsOfMs ?? 0,
    before: facts.usedAtRisk,
  });
  if (breach) return refused({ code: breach });
  return { ok: true, mode: "at-risk", token, epoch: null, deniedAsOfMs: deniedAsOfMs ?? 0 };
}

/** Without an anchored clock a lease may have ended unseen, so only a few are relied on, and not for long. */
function unanchoredRefusal(facts: RedemptionFacts, token: VoucherToken): RedemptionRefusal | undefined {
  const { policy, time, lastServerTimeMs, usedUnanchoredMinor } = facts;
  if (policy === "not-fetched") return { code: "policy-not-fetched" };
  if (lastServerTimeMs === undefined || !policy) return { code: "clock-not-trusted" };
  if (isOff(facts, policy)) return { code: "clock-off" };
  const use = { money: token, atMs: time.nowMs, lastServerTimeMs, sumMinor: usedUnanchoredMinor };
  const breach = unanchoredBreach(policy, use);
  return breach && { code: breach };
}

function isOff({ clockOffsetMs }: RedemptionFacts, { clockErrorMs }: Policy): boolean {
  return Math.abs(clockOffsetMs) > clockErrorMs;
}

function refused(refusal: RedemptionRefusal): RedemptionDecision {
  return { ok: false, refusal };
}
