/**
 * Asking the payer bank whether it covers a batch, and taking its answer: yes, no, none for a long time, or one that comes
 * too late (GovStack Payments BB, `POST /batches/{batchId}?command=authorize`).
 */
import { formatMajor } from "#core/money.ts";
import { accountId } from "../ledger/entries.ts";
import { causeOf, waitSeconds } from "../delivery.ts";
import type { DisbursementBatch, FundsAuthorisation } from "../ports/disbursement.ts";
import type { Store, Tx } from "../ports/store.ts";
import { changeBatch } from "./change-batch.ts";

export interface FundsQuery {
  readonly url: string;
  readonly batchId: string;
  readonly payerIdentifier: string;
  readonly currency: string;
  /** Major units; what the payments cost the agency is in it. */
  readonly amount: string;
  /** The same however often it is asked. */
  readonly correlationId: string;
}

/** Resolves when the bank took the question, throws when it did not; the answer comes by itself. */
export type AskBank = (query: FundsQuery) => Promise<void>;

/** After this time an operator is told that the bank is silent. It is asked on. */
const silentAfterMs = 4 * 3_600_000;

/** Asks about a batch that waits for its authorisation, and sees to it that it is asked again until it is answered. */
export async function authoriseFunds(store: Store, askBank: AskBank, id: bigint): Promise<void> {
  const question = await store.transaction(async (tx) => {
    const open = await openAuthorisation(tx, id);
    if (!open) return undefined;
    const { batch, authorisation } = open;
    if (authorisation.payerBank !== null)
      return questionOf(tx, batch, authorisation, authorisation.payerBank);
    await answerFromOwnLedger(tx, batch, authorisation);
    return undefined;
  });
  if (!question) return;
  const error = await askBank(question.query).then(() => null, causeOf);
  await store.transaction((tx) => noteQuestion(tx, question.authorisation, question.query.batchId, error));
}

async function openAuthorisation(
  tx: Tx,
  id: bigint,
): Promise<{ readonly batch: DisbursementBatch; readonly authorisation: FundsAuthorisation } | undefined> {
  const batch = await tx.disbursements.lock(id);
  if (batch?.state !== "authorising" && batch?.state !== "reauthorising") return undefined;
  const authorisation = await tx.funds.last(id);
  return authorisation?.answer === null ? { batch, authorisation } : undefined;
}

async function questionOf(
  tx: Tx,
  batch: DisbursementBatch,
  authorisation: FundsAuthorisation,
  payerBank: string,
): Promise<{ readonly query: FundsQuery; readonly authorisation: FundsAuthorisation }> {
  const bank = await tx.funds.payerBank(payerBank);
  const terms = await tx.disbursements.terms(batch.institutionId);
  if (!bank || !terms) throw new Error(`batch ${batch.batchId} has no payer bank to ask`);
  const { batchId, currency } = batch;
  const { amountMinor, feeMinor, correlationId } = authorisation;
  const amount = formatMajor({ amountMinor: amountMinor + feeMinor, currency });
  const { payerIdentifier } = terms;
  return {
    authorisation,
    query: { url: bank.url, batchId, payerIdentifier, currency, amount, correlationId },
  };
}

async function noteQuestion(
  tx: Tx,
  authorisation: FundsAuthorisation,
  batchId: string,
  error: string | null,
): Promise<void> {
  await tx.funds.noteTry(authorisation, error);
  const { batch, tries, askedAt } = authorisation;
  await tx.jobs.enqueue({ queue: "authorise-funds", id: String(batch) }, 30 + waitSeconds(tries + 1));
  if ((await tx.now()).getTime() - askedAt.getTime() > silentAfterMs)
    await tx.alerts.raise("funds-authorisation-silent", `disbursement:${batchId}`, { tries, error });
}

async function answerFromOwnLedger(
  tx: Tx,
  batch: DisbursementBatch,
  authorisation: FundsAuthorisation,
): Promise<void> {
  const { institutionId: owner, currency } = batch;
  const balance = await tx.ledger.lockBalance(accountId({ kind: "agency", owner, currency }));
  const isCovered = balance >= authorisation.amountMinor + authorisation.feeMinor;
  const reason = isCovered ? "" : "The agency's balance does not cover the batch and its fees";
  await settleAuthorisation(tx, batch, authorisation, { status: isCovered ? "Y" : "N", reason }, "ledger");
}

export interface FundsAnswer {
  readonly status: "Y" | "N";
  readonly reason: string;
}

export type FundsAnswerOutcome = "taken" | "repeated" | "too-late" | "contradicts" | "unknown";

/** Takes a bank's answer; `unknown` where it was not asked that. */
export function takeFundsAnswer(
  store: Store,
  bank: string,
  batchId: string,
  correlationId: string,
  answer: FundsAnswer,
): Promise<FundsAnswerOutcome> {
  return store.transaction(async (tx) => {
    const found = await tx.disbursements.byBatchId(batchId);
    const batch = found && (await tx.disbursements.lock(found.id));
    const authorisation = await tx.funds.byCorrelation(correlationId);
    if (!batch || authorisation?.batch !== batch.id || authorisation.payerBank !== bank) return "unknown";
    const subject = `disbursement:${batchId}`;
    if (authorisation.answer !== null) {
      if (authorisation.answer === answer.status) return "repeated";
      await tx.alerts.raise("funds-authorisation-contradicted", subject, { first: authorisation.answer });
      return "contradicts";
    }
    const isTaken = await settleAuthorisation(tx, batch, authorisation, answer, `institution:${bank}`);
    if (isTaken) return "taken";
    // The bank may hold money for a batch that was called off: somebody must tell it.
    if (answer.status === "Y") await tx.alerts.raise("funds-authorised-too-late", subject, { bank });
    return "too-late";
  });
}

/** False where the batch no longer waits for it; the answer is kept all the same. */
async function settleAuthorisation(
  tx: Tx,
  batch: DisbursementBatch,
  authorisation: FundsAuthorisation,
  { status, reason }: FundsAnswer,
  actor: string,
): Promise<boolean> {
  await tx.funds.answer(authorisation, status, reason.slice(0, 100));
  const event = status === "Y" ? ({ type: "FUNDS_YES" } as const) : ({ type: "FUNDS_NO" } as const);
  const note = status === "Y" ? "The funds are authorised" : `The funds are not authorised: ${reason}`;
  const because = status === "Y" ? {} : { because: reason };
  const decision = await changeBatch(tx, batch, event, { actor, note, ...because });
  if (decision.ok) await tx.alerts.end("funds-authorisation-silent", `disbursement:${batch.batchId}`);
  return decision.ok;
}
