/**
 * The second half of a redemption: the payout's outcome moves claim, voucher and money in one transaction
 * (`core/redemption.machine.ts`). Safe to run any number of times for one claim.
 */
import { decideRedemption, decideVoucher } from "#core/decide.ts";
import type { RedemptionEffect, RedemptionEvent, RedemptionState } from "#core/redemption.machine.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { tellOfClaim } from "../callbacks/redemptions.ts";
import { payOut, releaseReserve, returnClaim } from "../ledger/entries.ts";
import { tellOfPayment, tellOfUse } from "../notifications/tell.ts";
import { sideBySide } from "../side-by-side.ts";
import { inSpan } from "../watch/tracing.ts";
import type { MerchantClaim, Store, Tx, VoucherRow } from "../ports/store.ts";
import { termsOf } from "./claim.ts";
import type { PaymentGateway, PayoutOutcome } from "./gateway.ts";
import { nextCredit } from "./next-credit.ts";
import type { NextCredit } from "./next-credit.ts";

/** How long an owed or unknown payout waits for its next try. */
const retrySeconds = 60;
/** How long a payout waits for the end of a recovery before it looks again. */
const recoveryRetrySeconds = 20;

/** Pays a claim out and settles it. Returns the state it is in afterwards; `paid` and `released` are final. */
export async function payClaim(
  store: Store,
  gateway: PaymentGateway,
  claimId: string,
): Promise<RedemptionState> {
  // What nobody outside hears of begins and ends in one transaction.
  if (!gateway.isExternal) return store.transaction((tx) => payWithin(tx, gateway, claimId));
  const begun = await store.transaction(async (tx) => begin(tx, gateway, await lockClaim(tx, claimId)));
  if ("state" in begun) return begun.state;
  const outcome = await carryCredit(gateway, claimId, begun);
  return store.transaction(async (tx) => end(tx, await lockClaim(tx, claimId), begun, outcome));
}

/**
 * Pays several claims out, none of them twice in the list: where the books are all that moves, all of them in one transaction,
 * and one by one where that fails.
 */
export async function payClaims(
  store: Store,
  gateway: PaymentGateway,
  claimIds: readonly string[],
): Promise<void> {
  if (!gateway.isExternal && claimIds.length > 1) {
    const pay = (claimId: string) => (tx: Tx) => payWithin(tx, gateway, claimId);
    const areAllPaid = await store
      .transaction((tx) => sideBySide(tx, claimIds.map(pay)))
      .then(
        () => true,
        () => false,
      );
    if (areAllPaid) return;
  }
  for (const claimId of claimIds) await payClaim(store, gateway, claimId);
}

async function payWithin(tx: Tx, gateway: PaymentGateway, claimId: string): Promise<RedemptionState> {
  const locked = await lockClaim(tx, claimId);
  const begun = await begin(tx, gateway, locked);
  if ("state" in begun) return begun.state;
  return end(tx, locked, begun, await carryCredit(gateway, claimId, begun));
}

interface LockedClaim {
  readonly claim: MerchantClaim;
  readonly voucher: VoucherRow;
}

async function end(
  tx: Tx,
  { claim, voucher }: LockedClaim,
  { attempt }: NextCredit,
  outcome: PayoutOutcome,
): Promise<RedemptionState> {
  if (attempt !== null && !(await endAttempt(tx, claim, attempt, outcome))) return claim.state;
  return settle(tx, claim, voucher, outcome);
}

/** The credit that is to be sent or asked for now, or the state of a claim for which there is none. */
async function begin(
  tx: Tx,
  { isExternal }: PaymentGateway,
  { claim, voucher }: LockedClaim,
): Promise<NextCredit | { readonly state: RedemptionState }> {
  if (isFinal(claim.state)) return { state: claim.state };
  if (await tx.recovery.open()) {
    await tx.jobs.enqueue({ queue: "payout", id: claim.id }, recoveryRetrySeconds);
    return { state: claim.state };
  }
  const next = await nextCredit(tx, isExternal, claim);
  if (next.ok) return next.credit;
  return { state: await settle(tx, claim, voucher, { outcome: "failed", reason: next.reason }) };
}

/** Two workers at one claim take turns here. Throws for a claim that pays a bill: its biller's answer settles that one. */
async function lockClaim(tx: Tx, claimId: string): Promise<LockedClaim> {
  const unlocked = await tx.claims.find(claimId);
  if (!unlocked) throw new Error(`no claim ${claimId}`);
  const voucher = (await tx.vouchers.lock([unlocked.serial])).get(unlocked.serial);
  const claim = await tx.claims.find(claimId);
  if (!voucher || !claim) throw new Error(`claim ${claimId} has no voucher`);
  if (claim.merchantId === null) throw new Error(`claim ${claimId} pays a bill`);
  return { claim: { ...claim, merchantId: claim.merchantId }, voucher };
}

/** A gateway that throws has told nothing of the outcome. */
function carryCredit(gateway: PaymentGateway, claimId: string, credit: NextCredit): Promise<PayoutOutcome> {
  const attributes = { "paypost.claim": claimId };
  return inSpan("pay out", { kind: "client", attributes }, () => askGateway(gateway, credit)).catch(() => ({
    outcome: "unknown",
  }));
}

async function askGateway(gateway: PaymentGateway, credit: NextCredit): Promise<PayoutOutcome> {
  const { payout } = credit;
  if (payout.money.amountMinor === 0n) return { outcome: "paid" };
  if (credit.do === "send") return gateway.credit(payout);
  const answer = await gateway.outcomeOf(payout);
  return answer.outcome === "not-received" ? gateway.credit(payout) : answer;
}

/**
 * False when somebody else has ended the credit: its outcome has done what it does. A provider that tells two outcomes of
 * one credit breaks its promise, which a person must look into.
 */
async function endAttempt(
  tx: Tx,
  claim: MerchantClaim,
  n: number,
  { outcome }: PayoutOutcome,
): Promise<boolean> {
  const attempt = (await tx.claims.attempts(claim.id)).find((other) => other.n === n);
  if (!attempt) throw new Error(`claim ${claim.id} has no credit ${n}`);
  if (attempt.outcome === null) {
    if (outcome !== "unknown") await tx.claims.endAttempt(claim.id, n, outcome);
    return true;
  }
  if (outcome !== "unknown" && outcome !== attempt.outcome) {
    const detail = { credit: n, settledAs: attempt.outcome, toldLater: outcome };
    await tx.alerts.raise("payout-contradicted", `claim:${claim.id}`, detail);
  }
  return false;
}

async function settle(
  tx: Tx,
  claim: MerchantClaim,
  voucher: VoucherRow,
  outcome: PayoutOutcome,
): Promise<RedemptionState> {
  const decision = decideRedemption(claim.state, claim, eventOf(outcome));
  if (!decision.ok) return claim.state;
  const reason = outcome.outcome === "failed" ? outcome.reason : null;
  await tx.claims.noteTry(claim.id, reason);
  await tx.claims.update(claim.id, decision.next, isFinal(decision.next) ? await tx.now() : null);
  for (const effect of decision.effects) await carryOut(tx, effect, claim, voucher);
  if (decision.next !== claim.state) {
    await tx.audit.record({
      actor: "payout",
      action: "claim.settle",
      subject: `voucher:${voucher.serial}`,
      before: { claim: claim.id, state: claim.state },
      after: { claim: claim.id, state: decision.next, reason },
    });
  }
  if (isFinal(decision.next)) {
    await tx.jobs.forget([{ queue: "payout", id: claim.id }]);
    await tellOfClaim(tx, claim.id);
  }
  if (decision.effects.includes("consumeVoucher")) await tellOfUse(tx, claim);
  if (decision.next === "paid") await tellOfPayment(tx, claim);
  return decision.next;
}

async function carryOut(
  tx: Tx,
  effect: RedemptionEffect,
  claim: MerchantClaim,
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

/** Moves a voucher that the transaction has locked. Throws where its machine refuses. */
export async function moveVoucher(tx: Tx, voucher: VoucherRow, event: VoucherEvent): Promise<void> {
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
