/**
 * The first half of a redemption: an exclusive claim takes the voucher and its reserve is owed to the merchant
 * (design: settlement, "a redemption first claims, then pays out").
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { decideVoucher } from "#core/decide.ts";
import type { VoucherRefusal } from "#core/voucher-refusal.ts";
import { derivedUuid } from "#sync/ids.ts";
import type { Money } from "#core/money.ts";
import { accountId, claimReserve } from "../ledger/entries.ts";
import type { PayoutTerms } from "../ledger/entries.ts";
import type { MerchantClaim, PaymentTerms, Tx, VoucherRow } from "../ports/store.ts";
import { feeOf } from "#core/fee.ts";
import { currentCorrelation } from "../watch/correlation.ts";
import { closeOpenLease } from "../vouchers/leases.ts";

export interface ClaimRequest {
  /** What causes the claim, unique for ever: the caller and its request, or the operation's hash. */
  readonly cause: string;
  readonly merchantId: string;
  /** Whether the goods are given before the payout's outcome is known: a till's redemption, once it is applied. */
  readonly offline: boolean;
  /** Its lease is the open one, or the open one is just closing. */
  readonly entitled: boolean;
  readonly actor: string;
}

export type ClaimOutcome =
  | { readonly ok: true; readonly claim: MerchantClaim }
  | { readonly ok: false; readonly refusal: VoucherRefusal | { readonly code: "fsp-funds-short" } };

/** Claims a voucher that `tx` has locked. The payout is enqueued with it, so that a crash never forgets one. */
export async function claimVoucher(
  tx: Tx,
  voucher: VoucherRow,
  request: ClaimRequest,
): Promise<ClaimOutcome> {
  const decision = decideVoucher(voucher, { type: "CLAIM", entitled: request.entitled });
  if (!decision.ok) return decision;
  const terms = await tx.registry.paymentTerms(request.merchantId, voucher.groupCode, voucher.currency);
  const liquidityHeld = await canHoldLiquidity(tx, terms.fspId, voucher);
  // Where the goods are given already the payout waits for the FSP, the claim does not.
  if (terms.fspId !== null && !liquidityHeld && !request.offline)
    return { ok: false, refusal: { code: "fsp-funds-short" } };
  const claim = newClaim(voucher, request, terms, liquidityHeld);
  await tx.claims.insert(claim);
  if (decision.effects.includes("endLease")) await closeOpenLease(tx, voucher.serial, "redeemed");
  await tx.vouchers.update(voucher.serial, decision.next);
  await tx.ledger.post(claimReserve(voucher, termsOf(claim), liquidityHeld));
  await tx.audit.record({
    actor: request.actor,
    action: "voucher.claim",
    subject: `voucher:${voucher.serial}`,
    before: { state: voucher.state },
    after: { state: decision.next.state, claim: claim.id, merchant: request.merchantId },
  });
  const job = { queue: "payout", id: claim.id } as const;
  await tx.jobs.enqueueNew([
    { job, afterSeconds: payoutBackstopSeconds, correlationId: currentCorrelation() },
  ]);
  return { ok: true, claim };
}

/** Locks the FSP's account; false where there is none, or too little in it. */
export async function canHoldLiquidity(tx: Tx, fspId: string | null, money: Money): Promise<boolean> {
  if (fspId === null) return false;
  const account = accountId({ kind: "fsp", owner: fspId, currency: money.currency });
  return (await tx.ledger.lockBalance(account)) >= money.amountMinor;
}

/** What the entries of a claim say of its payout. */
export function termsOf(claim: MerchantClaim): PayoutTerms {
  return { claimId: claim.id, merchantId: claim.merchantId, fspId: claim.fspId, feeMinor: claim.feeMinor };
}

/** The payout is tried right after the commit; the job is there for when the process dies in between. */
const payoutBackstopSeconds = 10;

/** Claim and transaction ids derive from the cause: a payment provider's idempotency key must survive a restore. */
export function claimIdOf(cause: string): string {
  return derivedUuid(causeText(cause));
}

function newClaim(
  voucher: VoucherRow,
  request: ClaimRequest,
  terms: PaymentTerms,
  liquidityHeld: boolean,
): MerchantClaim {
  return {
    id: claimIdOf(request.cause),
    serial: voucher.serial,
    merchantId: request.merchantId,
    billerId: null,
    offline: request.offline,
    state: "claimed",
    transactionId: transactionIdOf(request.cause),
    amountMinor: voucher.amountMinor,
    currency: voucher.currency,
    fspId: terms.fspId,
    feeMinor: feeOf(voucher.amountMinor, terms),
    liquidityHeld,
  };
}

/** Twelve characters of Crockford's base 32 (60 bits), the contract's length for a transaction id. */
export function transactionIdOf(cause: string): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const digest = causeDigest(cause).slice(16, 28);
  return Array.from(digest, (byte) => alphabet[byte % 32]).join("");
}

function causeDigest(cause: string): Uint8Array {
  return sha256(utf8ToBytes(causeText(cause)));
}

function causeText(cause: string): string {
  return `paypost/1/claim/${cause}`;
}
