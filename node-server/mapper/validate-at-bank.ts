/**
 * Asking a payer bank whether it keeps accounts that are to be paid to, and taking its answer: which it does not, none
 * for a long time, one that comes too late, or one that does not fit (GovStack Payments BB, `POST /beneficiaries?command=validate`).
 *
 * N1  A bank is asked under one correlation id until it answers, or the time for that is over.
 * N2  Whoever asked is told once when it has ended; of an answer that came late, once more.
 * N3  An answer counts whole or not at all: it names payments that were asked about, each once, and says how many.
 */
import { causeOf, waitSeconds } from "../delivery.ts";
import type { AccountValidation } from "../ports/account-validations.ts";
import type { MapperItem, MapperOutcome, MapperRequestRow } from "../ports/mapper.ts";
import type { Store, Tx } from "../ports/store.ts";
import { bankReasons } from "./reasons.ts";
import { tellCaller } from "./run-request.ts";

export interface AccountsQuestion {
  readonly url: string;
  readonly correlationId: string;
  /** Who asks us, and whom we ask. */
  readonly institutionId: string;
  readonly bank: string;
  readonly batchId: string;
  readonly payments: readonly AskedPayment[];
}

export interface AskedPayment {
  readonly instructionId: string;
  readonly address: string;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly narration: string | null;
}

/** `refused`: the bank understood and takes no such question. Throws when it did not take it; the answer comes by itself. */
export type AskAboutAccounts = (question: AccountsQuestion) => Promise<"taken" | "refused">;

/** After this time whoever asked is told that the bank is silent, and an operator too. */
const silentAfterMs = 4 * 3_600_000;
/** As many as a request takes. */
const mostItems = 10_000;

export async function validateAtBank(store: Store, ask: AskAboutAccounts, id: bigint): Promise<void> {
  const question = await store.transaction((tx) => nextQuestion(tx, id));
  if (!question) return;
  const said = await ask(question).catch((error: unknown) => ({ failed: causeOf(error) }));
  await store.transaction(async (tx) => {
    const open = await openValidation(tx, id);
    if (!open) return;
    const error = said === "taken" ? null : said === "refused" ? "refused" : said.failed;
    await tx.accountValidations.noteTry(id, error);
    if (said === "refused") return end(tx, open, "refused");
    const leftMs = open.validation.askedAt.getTime() + silentAfterMs - (await tx.now()).getTime();
    const delay = Math.min(
      30 + waitSeconds(open.validation.tries + 1),
      Math.max(1, Math.ceil(leftMs / 1000)),
    );
    await tx.jobs.enqueue({ queue: "validate-at-bank", id: String(id) }, delay);
  });
}

export interface AccountsAnswer {
  readonly batchId: string;
  readonly failedCases: number;
  readonly failures: readonly { readonly instructionId: string; readonly failureReason: string }[];
}

export type AccountsAnswerOutcome =
  | "taken"
  | "late"
  | "repeated"
  | "contradicts"
  | "does-not-fit"
  | "unknown";

/** Takes a bank's answer; `unknown` where it was not asked that. */
export function takeAccountsAnswer(
  store: Store,
  bank: string,
  correlationId: string,
  answer: AccountsAnswer,
): Promise<AccountsAnswerOutcome> {
  return store.transaction(async (tx) => {
    const named = await tx.accountValidations.byCorrelation(correlationId);
    const request = named?.bank === bank ? await tx.mapperRequests.lock(named.request) : undefined;
    const validation = request && (await tx.accountValidations.find(request.id));
    if (!request || !validation) return "unknown";
    const subject = `mapper-request:${request.id}`;
    const items = await tx.mapperRequests.results(request.id, { afterLine: 0, limit: mostItems });
    const outcomes = outcomesOf(answer, request, items);
    if (!outcomes) {
      await tx.alerts.raise("account-validation-does-not-fit", subject, { bank });
      return "does-not-fit";
    }
    if (validation.outcome === "answered" || validation.outcome === "late") {
      const isSame = items.every(
        ({ failureReason }, index) => failureReason === outcomes[index]?.failureReason,
      );
      if (isSame) return "repeated";
      await tx.alerts.raise("account-validation-contradicted", subject, { bank });
      return "contradicts";
    }
    const isLate = validation.outcome !== null;
    await (isLate
      ? tx.mapperRequests.correct(request.id, outcomes)
      : tx.mapperRequests.finish(request.id, outcomes));
    await tx.accountValidations.end(request.id, isLate ? "late" : "answered");
    await tx.audit.record({
      actor: `institution:${bank}`,
      action: "accounts.validated",
      subject,
      after: { failed: answer.failedCases, isLate },
    });
    await tx.alerts.end("account-validation-silent", subject);
    await tx.mapperRequests.complete(request.id);
    await tellCaller(tx, request);
    return isLate ? "late" : "taken";
  });
}

interface OpenValidation {
  readonly request: MapperRequestRow;
  readonly validation: AccountValidation;
  readonly items: readonly MapperItem[];
}

async function openValidation(tx: Tx, id: bigint): Promise<OpenValidation | undefined> {
  const request = await tx.mapperRequests.lock(id);
  const validation = await tx.accountValidations.find(id);
  if (!request || !validation) throw new Error(`request ${id} asks nothing of a bank`);
  if (validation.outcome !== null) return undefined;
  return { request, validation, items: await tx.mapperRequests.nextOpen(request, mostItems) };
}

/** Undefined where there is nothing to ask any more; what came to nothing is ended. */
async function nextQuestion(tx: Tx, id: bigint): Promise<AccountsQuestion | undefined> {
  const open = await openValidation(tx, id);
  if (!open) return undefined;
  const { request, validation, items } = open;
  const { bank, correlationId, payments, askedAt, tries } = validation;
  if ((await tx.now()).getTime() - askedAt.getTime() >= silentAfterMs) {
    await tx.alerts.raise("account-validation-silent", `mapper-request:${id}`, { bank, tries });
    await end(tx, open, "silent");
    return undefined;
  }
  const registered = await tx.funds.payerBank(bank);
  if (!registered) throw new Error(`there is no payer bank ${bank}`);
  const terms = new Map(payments.map(({ line, ...said }) => [line, said]));
  return {
    url: registered.url,
    correlationId,
    bank,
    institutionId: request.institutionId,
    batchId: request.batchId ?? "",
    payments: items.map(({ line, instructionId, address }) => ({
      instructionId: instructionId ?? "",
      address: address ?? "",
      ...(terms.get(line) ?? { amount: null, currency: null, narration: null }),
    })),
  };
}

/** Nobody knows of the accounts then whether they are good. */
async function end(tx: Tx, { request, items }: OpenValidation, outcome: "refused" | "silent"): Promise<void> {
  const failureReason = bankReasons[outcome];
  await tx.mapperRequests.finish(
    request.id,
    items.map(({ line }) => ({ line, failureReason })),
  );
  await tx.accountValidations.end(request.id, outcome);
  await tx.mapperRequests.complete(request.id);
  await tellCaller(tx, request);
}

/** Undefined where the answer does not fit the question (N3). */
function outcomesOf(
  { batchId, failedCases, failures }: AccountsAnswer,
  request: MapperRequestRow,
  items: readonly Pick<MapperItem, "line" | "instructionId">[],
): MapperOutcome[] | undefined {
  const reasons = new Map(failures.map(({ instructionId, failureReason }) => [instructionId, failureReason]));
  const isCounted = failures.length === failedCases && reasons.size === failedCases;
  const asked = new Set(items.map(({ instructionId }) => instructionId));
  if (!isCounted || batchId !== request.batchId || [...reasons.keys()].some((id) => !asked.has(id)))
    return undefined;
  return items.map(({ line, instructionId }) => ({
    line,
    failureReason: reasons.get(instructionId ?? "") ?? null,
  }));
}
