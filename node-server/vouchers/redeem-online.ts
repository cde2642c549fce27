/**
 * Redeeming over the API (GovStack vouchers, redeem): claim, pay, answer. The same request id gives the same outcome,
 * also after a crash or a time-out in between; an unknown outcome is never an answer.
 */
import type { VoucherRefusalCode } from "#core/voucher-refusal.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { claimIdOf, claimVoucher } from "../payments/claim.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { inTime } from "../payments/in-time.ts";
import { payClaim } from "../payments/settle-claim.ts";
import type { RequestKey, Store, Tx, VoucherRow } from "../ports/store.ts";
import type { RequestIdentity, RequestRefusal } from "../accept-once.ts";
import { findLeaseHolder } from "./lease-holder.ts";
import type { LeaseHolder } from "./lease-holder.ts";
import { recallLease } from "./leases.ts";
import { presentVoucher } from "./present.ts";
import type { PresentationRefusalCode, Presented } from "./present.ts";
import type { FinalOutcome } from "./redemption-answer.ts";

export interface RedeemRequest {
  readonly serialNumber: string;
  readonly voucherNumber: string;
  readonly agentId: string;
  /** Lifts the matrix of groups, for a caller that holds the permission. */
  readonly override: boolean;
}

/** Why a claim that was made is given back. */
export type PayoutRefusalCode = "merchant-not-creditable";

/** Why a voucher that was found good is not claimed. */
export type ClaimRefusalCode = VoucherRefusalCode | "fsp-funds-short";

export type OnlineRefusalCode = ClaimRefusalCode | PresentationRefusalCode | PayoutRefusalCode;

/** `Code`: for what a redemption of this kind is refused before a claim is made. */
export type RedeemOutcome<Code = OnlineRefusalCode> =
  | FinalOutcome<Code | PayoutRefusalCode>
  /** Not known in time: the same request id gives it later. */
  | { readonly outcome: "unknown" }
  | { readonly outcome: RequestRefusal };

export interface RedeemDependencies {
  readonly store: Store;
  readonly gateway: PaymentGateway;
  readonly indexKey: Uint8Array;
}

export function redeemOnline(
  deps: RedeemDependencies,
  identity: RequestIdentity,
  request: RedeemRequest,
): Promise<RedeemOutcome> {
  return redeemOnce(deps, identity, (tx) => presentAndClaim(tx, deps.indexKey, identity.key, request));
}

/** Claims with `claim`, once for the request, and pays. */
export async function redeemOnce<Code>(
  deps: Omit<RedeemDependencies, "indexKey">,
  identity: RequestIdentity,
  claim: (tx: Tx) => Promise<PresentedClaim<Code>>,
): Promise<RedeemOutcome<Code>> {
  const claimed = await claimOnce(deps.store, identity, claim);
  if (claimed.outcome !== "claimed") return claimed;
  const payout = payClaim(deps.store, deps.gateway, claimed.claimId);
  const state = await inTime(deps.gateway, payout);
  if (state !== "paid" && state !== "released") return { outcome: "unknown" };
  return deps.store.transaction((tx) => outcomeOfClaim(tx, claimed.claimId));
}

/** What became of a claim that has ended. Throws for one that has not. */
export async function outcomeOfClaim(tx: Tx, claimId: string): Promise<FinalOutcome<PayoutRefusalCode>> {
  const claim = await tx.claims.find(claimId);
  if (claim?.state === "paid") return { outcome: "paid", claim };
  if (claim?.state !== "released") throw new Error(`claim ${claimId} is ${claim?.state ?? "missing"}`);
  const voucher = await tx.vouchers.find(claim.serial);
  return { outcome: "refused", code: "merchant-not-creditable", voucher };
}

type Claimed<Code> = { readonly outcome: "claimed"; readonly claimId: string } | RedeemOutcome<Code>;

function claimOnce<Code>(
  store: Store,
  identity: RequestIdentity,
  claim: (tx: Tx) => Promise<PresentedClaim<Code>>,
): Promise<Claimed<Code>> {
  return store.transaction(async (tx) => {
    if (!(await tx.registry.institution(identity.key.institutionId)))
      return { outcome: "unknown-institution" };
    const stored = await tx.requests.begin(identity.key, identity.bodyHash);
    const cause = causeOf(identity.key);
    if (stored) {
      if (!equalBytes(stored.bodyHash, identity.bodyHash)) return { outcome: "other-body" };
      return { outcome: "claimed", claimId: claimIdOf(cause) };
    }
    const claimed = await claim(tx);
    if (claimed.ok) return { outcome: "claimed", claimId: claimed.claimId };
    // A refused request stores nothing, not even its id; what it may have counted as a wrong number stays.
    await tx.requests.forget(identity.key);
    const { code, voucher, holder } = claimed;
    return { outcome: "refused", code, voucher, holder };
  });
}

export type PresentedClaim<Code = OnlineRefusalCode> =
  | { readonly ok: true; readonly claimId: string }
  | {
      readonly ok: false;
      readonly code: Code;
      readonly voucher: VoucherRow | undefined;
      /** Who holds it, where that is what stands in the way. */
      readonly holder?: LeaseHolder | undefined;
    };

/** Presents the voucher and claims it for the agent. */
export async function presentAndClaim(
  tx: Tx,
  indexKey: Uint8Array,
  key: RequestKey,
  request: RedeemRequest,
): Promise<PresentedClaim> {
  const presented = await presentVoucher(tx, indexKey, { ...request, institutionId: key.institutionId });
  return presented.ok ? claimPresented(tx, key, presented) : presented;
}

/** Claims a voucher whose presentation was found good; its state and lease are judged here. */
export async function claimPresented(
  tx: Tx,
  key: RequestKey,
  { voucher, merchant, overridden }: Extract<Presented, { readonly ok: true }>,
): Promise<PresentedClaim<ClaimRefusalCode>> {
  const actor = `institution:${key.institutionId}`;
  const claimed = await claimVoucher(tx, voucher, {
    cause: causeOf(key),
    merchantId: merchant.id,
    offline: false,
    entitled: false,
    actor,
  });
  if (!claimed.ok) {
    const holder = await findLeaseHolder(tx, voucher.serial);
    // Somebody stands at a counter with it: the holder is asked to give it back meanwhile.
    if (holder) await recallLease(tx, voucher.serial, actor);
    return { ok: false, code: claimed.refusal.code, voucher, holder };
  }
  if (overridden) {
    await tx.audit.record({
      actor,
      action: "voucher.override",
      subject: `voucher:${voucher.serial}`,
      after: { merchant: merchant.id, group: voucher.groupCode },
    });
  }
  return { ok: true, claimId: claimed.claim.id };
}

function causeOf({ institutionId, call, requestId }: RequestKey): string {
  return `request:${institutionId}:${call}:${requestId}`;
}
