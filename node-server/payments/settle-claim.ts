/**
 * The second half of a redemption: the payout's outcome moves claim, voucher and money in one transaction
 * (`core/redemption.machine.ts`). Safe to run any number of times for one claim.
 */
import { decideRedemption, decideVoucher } from "#core/decide.ts";
import type { RedemptionEffect, RedemptionEvent, RedemptionState } from "#core/redemption.machine.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { tellOfClaim } from "../callbacks/redemptions.ts";
import { holdLiquidity, payOut, releaseReserve, returnClaim } from "../ledger/entries.ts";
import type { ClaimRow, Store, Tx, VoucherRow } from "../ports/store.ts";
import { tellOfPayment } from "../notifications/tell.ts";
import { canHoldLiquidity, termsOf } from "./claim.ts";
import type { PaymentGateway, PayoutOutcome } from "./gateway.ts";

/** How long an owed or unknown payout waits for its next try. */
const retrySeconds = 60;

/**
 * Pays a claim out and settles it. Returns the state it is in afterwards; `paid` and `released` are final. A gateway that
 * throws has told nothing of the outcome.
 */
export async function payClaim(
  store: Store,
  gateway: PaymentGateway,
  claimId: string,
): Promise<RedemptionState> {
  const claim = await prepare(store, gateway, claimId);
  if (claim.state === "paid" || claim.state === "released") return claim.state;
  if (claim.fspId !== null && !claim.liquidityHeld) {
    return settleClaim(store, claimId, { outcome: "failed", reason: "the FSP has too little liquidity" });
  }
  const outcome = await askOrCredit(gateway, claim).catch(() => ({ outcome: "unknown" }) as const);
  return settleClaim(store, claimId, outcome);
}

/**
 * Holds the FSP's liquidity where that is still to be done, and notes that a credit is going to be sent. The claim is
 * returned as it was before: `sentAt` tells whether a credit was sent earlier.
 */
async function prepare(store: Store, gateway: PaymentGateway, claimId: string): Promise<ClaimRow> {
  return store.transaction(async (tx) => {
    const claim = await tx.claims.find(claimId);
    if (!claim) throw new Error(`no claim ${claimId}`);
    const needsLiquidity = claim.fspId !== null && !claim.liquidityHeld;
    const isEnded = claim.state === "paid" || claim.state === "released";
    if (isEnded || !(needsLiquidity || gateway.isExternal)) return claim;
    // Two workers at one claim take turns from here.
    await tx.vouchers.lock([claim.serial]);
    const locked = await tx.claims.find(claimId);
    if (!locked) throw new Error(`no claim ${claimId}`);
    const liquidityHeld = locked.liquidityHeld || (needsLiquidity && (await holdNow(tx, locked)));
    if (gateway.isExternal && (locked.fspId === null || liquidityHeld)) await tx.claims.markSent(claimId);
    return { ...locked, liquidityHeld };
  });
}

async function holdNow(tx: Tx, claim: ClaimRow): Promise<boolean> {
  if (!(await canHoldLiquidity(tx, claim.fspId, claim))) return false;
  await tx.ledger.post(holdLiquidity(claim, termsOf(claim)));
  await tx.claims.markLiquidityHeld(claim.id);
  return true;
}

async function askOrCredit(gateway: PaymentGateway, claim: ClaimRow): Promise<PayoutOutcome> {
  const payout = {
    idempotencyKey: claim.id,
    merchantId: claim.merchantId,
    money: { amountMinor: claim.amountMinor - claim.feeMinor, currency: claim.currency },
  };
  if (claim.sentAt === null) return gateway.credit(payout);
  const answer = await gateway.outcomeOf(payout);
  return answer.outcome === "not-received" ? gateway.credit(payout) : answer;
}

async function settleClaim(store: Store, claimId: string, outcome: PayoutOutcome): Promise<RedemptionState> {
  return store.transaction(async (tx) => {
    const unlocked = await tx.claims.find(claimId);
    if (!unlocked) throw new Error(`no claim ${claimId}`);
    const voucher = (await tx.vouchers.lock([unlocked.serial])).get(unlocked.serial);
    const claim = await tx.claims.find(claimId);
    if (!voucher || !claim) throw new Error(`claim ${claimId} has no voucher`);
    const decision = decideRedemption(claim.state, claim, eventOf(outcome));
    if (!decision.ok) return claim.state;
    await tx.claims.update(claimId, decision.next, isFinal(decision.next) ? await tx.now() : null);
    for (const effect of decision.effects) await carryOut(tx, effect, claim, voucher);
    await tx.audit.record({
      actor: "payout",
      action: "claim.settle",
      subject: `voucher:${voucher.serial}`,
      before: { claim: claimId, state: claim.state },
      after: { claim: claimId, state: decision.next },
    });
    if (isFinal(decision.next)) await tellOfClaim(tx, claimId);
    if (decision.next === "paid") await tellOfPayment(tx, claim);
    return decision.next;
  });
}

async function carryOut(
  tx: Tx,
  effect: RedemptionEffect,
  claim: ClaimRow,
  voucher: VoucherRow,
): Promise<void> {
  switch (effect) {
    case "creditMerchant":
      await tx.ledger.post(payOut(claim, termsOf(claim)));
      return;
    case "returnFunding":
      await tx.ledger.post(returnClaim(voucher, termsOf(claim)));
      return;
    case "consumeVoucher":
      return moveVoucher(tx, voucher, { type: "CONSUME" });
    case "releaseVoucher":
      return moveVoucher(tx, voucher, { type: "RELEASE_CLAIM" });
    case "retryPayout":
      return tx.jobs.enqueue({ queue: "payout", id: claim.id }, retrySeconds);
  }
}

async function moveVoucher(tx: Tx, voucher: VoucherRow, event: VoucherEvent): Promise<void> {
  const decision = decideVoucher(voucher, event);
  if (!decision.ok)
    throw new Error(`voucher ${voucher.serial} refuses ${event.type}: ${decision.refusal.code}`);
  await tx.vouchers.update(voucher.serial, decision.next);
  if (decision.effects.includes("releaseFunding")) await tx.ledger.post(releaseReserve(voucher));
}

function eventOf(outcome: PayoutOutcome): RedemptionEvent {
  switch (outcome.outcome) {
    case "paid":
      return { type: "PAYOUT_PAID" };
    case "failed":
      return { type: "PAYOUT_FAILED" };
    case "unknown":
      return { type: "PAYOUT_UNKNOWN" };
  }
}

function isFinal(state: RedemptionState): boolean {
  return state === "paid" || state === "released";
}
