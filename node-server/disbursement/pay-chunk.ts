/**
 * Paying one chunk of a batch, exactly once whatever dies when: each credit is noted and committed before it is sent, and
 * one that may have been sent is asked for. Only where the provider never received it is it sent again, under its own key.
 */
import { decideCreditInstruction } from "#core/decide-disbursement.ts";
import type { CreditInstructionEvent } from "#core/credit-instruction.machine.ts";
import { derivedUuid } from "#sync/ids.ts";
import { payInstructions } from "../ledger/entries.ts";
import type { PaidCredit } from "../ledger/entries.ts";
import type { AskedOutcome, Carrier } from "../payments/carrier.ts";
import type { Payout, PayoutOutcome } from "../payments/gateway.ts";
import { transactionIdOf } from "../payments/claim.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { ChunkCredit, EndedCredit, ReceivingInstitution } from "../ports/execution.ts";
import type { Store, Tx } from "../ports/store.ts";
import type { Addresses } from "../addresses.ts";
import { judgeProgress } from "./judge.ts";
import { giveReceipts } from "./receipts.ts";

export interface PayDependencies {
  readonly store: Store;
  readonly addresses: Addresses;
  readonly carrierOf: (institution: ReceivingInstitution) => Carrier;
}

/** Sends what is to be sent of a chunk, asks for what may have been sent, and writes down what came of it. */
export async function payChunk(deps: PayDependencies, batchId: bigint, chunk: number): Promise<void> {
  const begun = await deps.store.transaction((tx) => begin(tx, deps.addresses, batchId, chunk));
  if (!begun) return;
  const outcomes = await carry(deps.carrierOf(begun.receiver), begun);
  await deps.store.transaction((tx) => settle(tx, deps.addresses, begun, outcomes));
}

interface Begun {
  readonly batch: DisbursementBatch;
  readonly chunk: number;
  readonly receiver: ReceivingInstitution;
  readonly toSend: readonly Payout[];
  readonly toAsk: readonly Payout[];
}

/** Undefined where nothing is to be done now. */
async function begin(
  tx: Tx,
  addresses: Addresses,
  batchId: bigint,
  chunk: number,
): Promise<Begun | undefined> {
  const batch = await tx.disbursements.find(batchId);
  const institutionId = (await tx.execution.chunk(batchId, chunk))?.institutionId;
  const receiver = institutionId ? await tx.execution.receiver(institutionId) : undefined;
  if (!batch || !receiver) throw new Error(`chunk ${chunk} of batch ${batchId} goes nowhere`);
  const credits = await tx.execution.lockCredits(batchId, chunk);
  const toSend = batch.state === "running" ? credits.filter((credit) => canSend(credit)) : [];
  const toAsk = credits.filter(({ key }) => key !== null);
  const started = toSend.map((credit) => {
    const n = credit.n + 1;
    return { ...credit, n, key: creditKeyOf(batch.batchId, credit.line, n), reference: null };
  });
  await tx.execution.start(batchId, started);
  if (started.length + toAsk.length === 0) return undefined;
  const payouts = (some: readonly ChunkCredit[]) =>
    some.map((credit) => payoutOf(addresses, batch, chunk, receiver, credit));
  return { batch, chunk, receiver, toSend: payouts(started), toAsk: payouts(toAsk) };
}

function canSend({ state }: ChunkCredit): boolean {
  return decideCreditInstruction(state, { type: "SEND" }).ok;
}

/** Derived from batch, line and number: it must survive a restore. */
function creditKeyOf(batchId: string, line: number, n: number): string {
  return derivedUuid(`paypost/1/credit/${batchId}/${line}/${n}`);
}

/** What a chunk is called outside. */
function subBatchId(batchId: string, chunk: number): string {
  return `${batchId}-${chunk}`;
}

/** The chunk that is called so. */
export function readSubBatchId(
  text: string,
): { readonly batchId: string; readonly chunk: number } | undefined {
  const match = /^([0-9a-f-]{36})-([1-9][0-9]{0,8})$/.exec(text);
  return match?.[1] === undefined ? undefined : { batchId: match[1], chunk: Number(match[2]) };
}

function payoutOf(
  addresses: Addresses,
  { currency, batchId }: DisbursementBatch,
  chunk: number,
  receiver: ReceivingInstitution,
  credit: ChunkCredit,
): Payout {
  if (credit.key === null) throw new Error(`instruction ${credit.line} of ${batchId} has no credit`);
  return {
    idempotencyKey: credit.key,
    payeeId: credit.payeeIdentity ?? credit.instructionId,
    fspId: receiver.id,
    account: addresses.ofBatches.open(credit.to.sealed),
    accountKind: credit.to.kind,
    narration: credit.narration,
    group: subBatchId(batchId, chunk),
    ...(credit.reference === null ? {} : { reference: credit.reference }),
    money: { amountMinor: credit.amountMinor, currency },
  };
}

async function carry(
  carrier: Carrier,
  { batch, toSend, toAsk }: Begun,
): Promise<ReadonlyMap<string, PayoutOutcome>> {
  const nothing = () => new Map<string, never>();
  const [sent, asked] = await Promise.all([
    toSend.length === 0 ? nothing() : carrier.send(toSend).catch(nothing),
    toAsk.length === 0 ? nothing() : carrier.ask(toAsk).catch(nothing),
  ]);
  const outcomes = new Map<string, PayoutOutcome>(sent);
  const notReceived: Payout[] = [];
  for (const payout of toAsk) {
    const outcome: AskedOutcome | undefined = asked.get(payout.idempotencyKey);
    if (outcome?.outcome === "not-received") notReceived.push(payout);
    else if (outcome) outcomes.set(payout.idempotencyKey, outcome);
  }
  // A batch that is paused or stopped sends nothing, also nothing that never arrived.
  const mayResend = batch.state === "running" || batch.state === "ending";
  if (mayResend && notReceived.length > 0)
    for (const [key, outcome] of await carrier.send(notReceived).catch(nothing)) outcomes.set(key, outcome);
  return outcomes;
}

async function settle(
  tx: Tx,
  addresses: Addresses,
  begun: Begun,
  outcomes: ReadonlyMap<string, PayoutOutcome>,
): Promise<void> {
  const batch = await tx.disbursements.lock(begun.batch.id);
  if (!batch) throw new Error(`batch ${begun.batch.batchId} is gone`);
  const open = await tx.execution.lockCredits(batch.id, begun.chunk);
  const ended: EndedCredit[] = [];
  const paid: ChunkCredit[] = [];
  const unknown: (ChunkCredit & { readonly reference: string | null })[] = [];
  for (const credit of open) {
    // Whoever came first has ended it; what is waiting was not begun.
    if (credit.key === null) continue;
    const outcome = outcomes.get(credit.key) ?? { outcome: "unknown" };
    const decision = decideCreditInstruction(credit.state, eventOf(outcome));
    if (!decision.ok) continue;
    if (decision.effects.includes("askAgain")) unknown.push({ ...credit, reference: referenceOf(outcome) });
    if (decision.effects.includes("debitBatch")) paid.push(credit);
    if (outcome.outcome !== "unknown") ended.push(endOf(credit, credit.key, outcome));
  }
  await tx.execution.end(batch.id, ended);
  await tx.execution.markUnknown(batch.id, unknown);
  if (paid.length > 0) {
    await tx.ledger.post(payInstructions(batch, begun.receiver, paid.map(paidCreditOf)));
    await giveReceipts(tx, addresses, batch, paid);
  }
  if (unknown.length > 0) {
    const ageSeconds = oldestSeconds((await tx.now()).getTime(), unknown);
    const delay = Math.min(600, Math.max(2, Math.ceil(ageSeconds / 4)));
    if (ageSeconds > alertAfterSeconds)
      await tx.alerts.raise("credits-unknown", `disbursement:${batch.batchId}`, {
        receiver: begun.receiver.id,
        count: unknown.length,
      });
    await tx.jobs.enqueue({ queue: "pay-chunk", id: `${batch.id}/${begun.chunk}` }, delay);
  }
  if (ended.length > 0) await judgeProgress(tx, batch, ended.length);
}

function eventOf({ outcome }: PayoutOutcome): CreditInstructionEvent {
  switch (outcome) {
    case "paid":
      return { type: "PAID" };
    case "failed":
      return { type: "FAILED" };
    case "unknown":
      return { type: "UNKNOWN" };
  }
}

function endOf(
  { line, n }: ChunkCredit,
  key: string,
  outcome: Exclude<PayoutOutcome, { readonly outcome: "unknown" }>,
): EndedCredit {
  if (outcome.outcome === "paid") {
    const transactionId = transactionIdOf(`disbursement/${key}`);
    const reference = referenceOf(outcome);
    return { line, n, outcome: "paid", reasonCode: "", reason: null, transactionId, reference };
  }
  const { reason, code = "MS03" } = outcome;
  return {
    line,
    n,
    outcome: "failed",
    reasonCode: code,
    reason: reason.slice(0, 200),
    transactionId: null,
    reference: null,
  };
}

function referenceOf(outcome: PayoutOutcome): string | null {
  return outcome.outcome === "failed" ? null : (outcome.reference ?? null);
}

function paidCreditOf({ key, payeeIndex, amountMinor, feeMinor }: ChunkCredit): PaidCredit {
  return { key: key ?? "", payeeIndex, amountMinor, feeMinor };
}

/** After this time an operator is told; the provider is asked on, less and less often. */
const alertAfterSeconds = 3_600;

function oldestSeconds(nowMs: number, unknown: readonly ChunkCredit[]): number {
  const oldestMs = Math.min(...unknown.map(({ startedAt }) => startedAt?.getTime() ?? nowMs));
  return (nowMs - oldestMs) / 1_000;
}
