/**
 * The other side of the authorisation: another payments building block asks us, as the payer bank of an agency whose money
 * lies in our ledger, whether it covers a batch. Answered by callback.
 */
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { requestCallback } from "../callbacks/outbox.ts";
import { accountId } from "../ledger/entries.ts";
import type { FundsQuestion } from "../ports/disbursement.ts";
import type { Job, Store, Tx } from "../ports/store.ts";
import { acceptOnce } from "../accept-once.ts";
import type { Acceptance, Accepted, RequestIdentity } from "../accept-once.ts";

export interface FundsRequest extends Money {
  readonly batchId: string;
  readonly payerIdentifier: string;
  readonly callbackUrl: string;
}

/** An institution is told of its own money only. */
export function answerFundsRequest(
  store: Store,
  identity: RequestIdentity,
  request: FundsRequest,
  answer: Accepted,
): Promise<Acceptance<never>> {
  const { institutionId, requestId } = identity.key;
  const known = async (tx: Tx) => {
    const question = await tx.funds.questionOf(institutionId, requestId);
    return question && callbackOf(tx, question);
  };
  return acceptOnce<never>(store, identity, answer, known, async (tx) => {
    const question = { ...request, institutionId, requestId, ...(await judge(tx, institutionId, request)) };
    const id = await tx.funds.insertQuestion(question);
    return callbackOf(tx, { ...question, id });
  });
}

async function judge(
  tx: Tx,
  institutionId: string,
  { payerIdentifier, currency, amountMinor }: FundsRequest,
): Promise<Pick<FundsQuestion, "answer" | "reason">> {
  const terms = await tx.disbursements.terms(institutionId);
  if (terms?.payerIdentifier !== payerIdentifier)
    return { answer: "N", reason: "The payer identifier is not the caller's" };
  const account = accountId({ kind: "agency", owner: institutionId, currency });
  const isCovered = (await tx.ledger.lockBalance(account)) >= amountMinor;
  if (isCovered) return { answer: "Y", reason: "" };
  const wanted = formatMajor({ amountMinor, currency });
  return { answer: "N", reason: `The balance does not cover ${wanted} ${currency}` };
}

function callbackOf(tx: Tx, { id: subject, institutionId, callbackUrl: url }: FundsQuestion): Promise<Job> {
  return requestCallback(tx, { institutionId, kind: "funds", subject, url }, "funds");
}

export async function fundsCallback(tx: Tx, id: bigint): Promise<unknown> {
  const question = await tx.funds.findQuestion(id);
  if (!question) throw new Error(`no funds question ${id}`);
  return { clientCorrelationId: question.requestId, status: question.answer, reason: question.reason };
}
