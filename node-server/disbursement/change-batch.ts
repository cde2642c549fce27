/** Moves a batch as its machine says (`core/batch.machine.ts`) and carries out what follows, in the caller's transaction. */
import { decideBatch } from "#core/decide-disbursement.ts";
import type { BatchDecision } from "#core/decide-disbursement.ts";
import type { BatchEffect, BatchEvent } from "#core/batch.machine.ts";
import { derivedUuid } from "#sync/ids.ts";
import { accountId, holdForBatch, returnFromBatch } from "../ledger/entries.ts";
import type { Account } from "../ledger/entries.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { Tx } from "../ports/store.ts";
import { tellStatus } from "./reports.ts";

export interface BatchReason {
  readonly actor: string;
  /** What the sender is told; null where the next step tells anyway. */
  readonly note: string | null;
  /** Why it is in the state that it comes to. */
  readonly because?: string;
}

/** The batch is locked. A refusal leaves everything as it was. */
export async function changeBatch(
  tx: Tx,
  batch: DisbursementBatch,
  event: BatchEvent,
  { actor, note, because }: BatchReason,
): Promise<BatchDecision> {
  const decision = decideBatch(batch.state, event);
  if (!decision.ok) return decision;
  const stateReason = because?.slice(0, 200) ?? null;
  await tx.disbursements.setState(batch.id, decision.next, stateReason);
  const changed = { ...batch, state: decision.next, stateReason };
  for (const effect of decision.effects) await carryOut(tx, effect, changed);
  if (event.type === "RESUME") await tx.disbursements.judgeFromHere(batch.id);
  await tx.audit.record({
    actor,
    action: `disbursement.${event.type.toLowerCase().replaceAll("_", "-")}`,
    subject: `disbursement:${batch.batchId}`,
    before: { state: batch.state },
    after: { state: decision.next, ...(because === undefined ? {} : { because }) },
  });
  if (note !== null) await tellStatus(tx, changed, note);
  return decision;
}

async function carryOut(tx: Tx, effect: BatchEffect, batch: DisbursementBatch): Promise<void> {
  switch (effect) {
    case "askForFunds":
      return askForFunds(tx, batch);
    case "holdFunds":
      return holdFunds(tx, batch);
    case "returnFunds":
      return returnFunds(tx, batch);
    case "waitForItsTime":
      return tx.jobs.enqueue({ queue: "start-batch", id: String(batch.id) });
    case "execute":
      return tx.jobs.enqueue({ queue: "execute-batch", id: String(batch.id) });
    case "reopenFailed":
      await tx.disbursements.reopenFailed(batch.id);
      return;
    case "giveUpWaiting":
      await tx.disbursements.cancelWaiting(batch.id);
      return;
    case "freeIds":
      return tx.disbursements.freeIds(batch.id);
    case "releaseFollowers":
      for (const follower of await tx.disbursements.followers(batch.id))
        await tx.jobs.enqueue({ queue: "start-batch", id: String(follower) });
      return;
  }
}

/** What is not paid yet is asked for: everything at first, what failed when it is retried after the end. */
async function askForFunds(tx: Tx, batch: DisbursementBatch): Promise<void> {
  const terms = await tx.disbursements.terms(batch.institutionId);
  if (!terms) throw new Error(`the terms of ${batch.institutionId} are gone`);
  const state = batch.state === "reauthorising" ? "failed" : "waiting";
  const n = ((await tx.funds.last(batch.id))?.n ?? 0) + 1;
  await tx.funds.ask({
    batch: batch.id,
    n,
    ...(await tx.funds.needed(batch.id, state)),
    payerBank: terms.payerBank,
    correlationId: correlationIdOf(batch.batchId, n),
  });
  await tx.jobs.enqueue({ queue: "authorise-funds", id: String(batch.id) });
}

async function holdFunds(tx: Tx, batch: DisbursementBatch): Promise<void> {
  const { n, amountMinor, feeMinor, payerBank } = await lastAuthorisation(tx, batch);
  const money = { amountMinor: amountMinor + feeMinor, currency: batch.currency };
  await tx.ledger.post(holdForBatch(batch.id, n, sourceOf(batch, payerBank), money));
}

/** What is left of what was held goes back to where it came from. */
async function returnFunds(tx: Tx, batch: DisbursementBatch): Promise<void> {
  const { n, payerBank } = await lastAuthorisation(tx, batch);
  const { currency } = batch;
  const owner = String(batch.id);
  const amountMinor = await tx.ledger.lockBalance(accountId({ kind: "disbursement", owner, currency }));
  if (amountMinor === 0n) return;
  await tx.ledger.post(returnFromBatch(batch.id, n, sourceOf(batch, payerBank), { amountMinor, currency }));
}

async function lastAuthorisation(tx: Tx, batch: DisbursementBatch) {
  const last = await tx.funds.last(batch.id);
  if (!last) throw new Error(`batch ${batch.batchId} was never authorised`);
  return last;
}

/** A payer bank's money comes from outside. */
function sourceOf({ institutionId, currency }: DisbursementBatch, payerBank: string | null): Account {
  return payerBank === null
    ? { kind: "agency", owner: institutionId, currency }
    : { kind: "external", owner: `bank-${payerBank}`, currency };
}

/** Derived, so that a bank that is asked again after a restore sees the same question. */
function correlationIdOf(batchId: string, n: number): string {
  return derivedUuid(`paypost/1/funds/${batchId}/${n}`);
}
