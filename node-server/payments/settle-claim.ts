/**
 * The second half of a redemption: the payout's outcome moves claim, voucher and money in one transaction
 * (`core/redemption.machine.ts`). Safe to run any number of times for one claim.
 */
import { decideRedemption, decideVoucher } from "#core/decide.ts";
import type { RedemptionEffect, RedemptionEvent, RedemptionState } from "#core/redemption.machine.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { payOut, releaseReserve, returnClaim } from "../ledger/entries.ts";
import type { ClaimRow, Store, Tx, VoucherRow } from "../ports/store.ts";
import type { PaymentGateway, PayoutOutcome } from "./gateway.ts";

/** How long an owed or unknown payout waits for its next try. */
const retrySeconds = 60;

/** Pays a claim out and settles it. Returns the state it is in afterwards; `paid` and `released` are final. */
export async function payClaim(
  store: Store,
  gateway: PaymentGateway,
  claimId: string,
): Promise<RedemptionState> {
  const claim = await store.transaction((tx) => tx.claims.find(claimId));
  if (!claim) throw new Error(`no claim ${claimId}`);
  if (claim.state === "paid" || claim.state === "released") return claim.state;
  const outcome = await gateway.credit({
    idempotencyKey: claim.id,
    merchantId: claim.merchantId,
    money: claim,
  });
  return settleClaim(store, claimId, outcome);
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
    if (isFinal(decision.next)) await tellCaller(tx, claimId);
    return decision.next;
  });
}

/** A caller of redeemPay is told by callback; whoever waits for the answer itself is not. */
async function tellCaller(tx: Tx, claimId: string): Promise<void> {
  const request = await tx.redemptionRequests.byClaim(claimId);
  if (request) await tx.jobs.enqueue({ queue: "callback-redemption", id: String(request.id) });
}

async function carryOut(
  tx: Tx,
  effect: RedemptionEffect,
  claim: ClaimRow,
  voucher: VoucherRow,
): Promise<void> {
  switch (effect) {
    case "creditMerchant":
      await tx.ledger.post(payOut(claim.id, claim.merchantId, claim));
      return;
    case "returnFunding":
      await tx.ledger.post(returnClaim(claim.id, voucher, claim.merchantId));
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
