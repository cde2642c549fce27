/**
 * Accepting a batch (GovStack Payments BB, bulk disbursement): it is checked whole, compared with the institution's earlier
 * batches, and stored in one transaction, or nothing of it is.
 */
import { derivedUuid } from "#sync/ids.ts";
import type {
  BatchSource,
  DisbursementTerms,
  NewDisbursementBatch,
  RepeatedInstruction,
} from "../ports/disbursement.ts";
import type { Store, Tx } from "../ports/store.ts";
import { acceptOnce } from "../accept-once.ts";
import type { Acceptance, Accepted, RequestIdentity } from "../accept-once.ts";
import type { Addresses } from "../addresses.ts";
import { checkItems } from "./check-items.ts";
import type { CheckedItems, Lengths } from "./check-items.ts";
import { contentHash } from "./content-hash.ts";
import { FileMistakes, mostMistakes } from "./files/raw-item.ts";
import type { Mistake, RawItem } from "./files/raw-item.ts";
import { tellAgain, tellStatus } from "./reports.ts";

export interface BatchOrder {
  readonly identity: RequestIdentity;
  readonly source: BatchSource;
  readonly raw: readonly RawItem[];
  readonly lengths: Lengths;
  readonly externalId: string | null;
  readonly submittedBy: string;
  readonly programId: string | null;
  readonly callbackUrl: string | null;
  readonly executeAt: Date | null;
  /** The `batchId` of the batch that has to be settled first. */
  readonly afterBatchId: string | null;
  readonly mostFailedPercent: number | null;
  readonly combined: boolean;
  readonly answer: (batchId: string) => Accepted;
}

export type BatchAcceptance =
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }
  | { readonly ok: false; readonly refusal: "no-terms" | "unknown-after" }
  | { readonly ok: true; readonly acceptance: Acceptance<never> };

export interface AcceptBatchDependencies {
  readonly store: Store;
  readonly addresses: Addresses;
}

export async function acceptBatch(
  { store, addresses }: AcceptBatchDependencies,
  order: BatchOrder,
): Promise<BatchAcceptance> {
  const { institutionId } = order.identity.key;
  const currency = order.raw[0]?.currency?.trim().toUpperCase() ?? "";
  const { terms, fee } = await store.transaction(async (tx) => ({
    terms: await tx.disbursements.terms(institutionId),
    fee: await tx.funds.fee(institutionId, currency.slice(0, 10)),
  }));
  if (!terms) return { ok: false, refusal: "no-terms" };
  const itemTerms = { countryCode: terms.countryCode, fee };
  const checked = checkItems(order.raw, itemTerms, addresses, order.lengths);
  if (!checked.ok) return { ok: false, mistakes: checked.mistakes };
  const batchId = batchIdOf(order.identity);
  const accept = async (rejectedFor?: readonly Mistake[]): Promise<BatchAcceptance> => {
    const acceptance = await acceptOnce<never>(
      store,
      order.identity,
      order.answer(batchId),
      (tx) => known(tx, batchId),
      (tx) => insert(tx, order, batchId, addresses, checked.items, rejectedFor),
    );
    return { ok: true, acceptance };
  };
  try {
    return await accept();
  } catch (error) {
    if (error instanceof UnknownAfter) return { ok: false, refusal: "unknown-after" };
    if (!(error instanceof FileMistakes)) throw error;
    // The 1.0 call says "received" of whatever is well formed; that it repeats another batch is told afterwards.
    return order.source === "1.0" ? accept(error.mistakes) : { ok: false, mistakes: error.mistakes };
  }
}

class UnknownAfter extends Error {}

/** The same request has the same batch: what it is told does not depend on when it is asked. */
function batchIdOf({ key }: RequestIdentity): string {
  const named = JSON.stringify([key.institutionId, key.call, key.requestId]);
  return derivedUuid(`paypost/1/disbursement-batch/${named}`);
}

async function known(tx: Tx, batchId: string) {
  const batch = await tx.disbursements.byBatchId(batchId);
  if (!batch) throw new Error(`the request of a stored answer left no batch ${batchId}`);
  return tellAgain(tx, batch);
}

const sliceSize = 1_000;

async function insert(
  tx: Tx,
  order: BatchOrder,
  batchId: string,
  addresses: Addresses,
  items: CheckedItems,
  rejectedFor: readonly Mistake[] | undefined,
): Promise<undefined> {
  const { institutionId } = order.identity.key;
  const terms = await tx.disbursements.lockTerms(institutionId);
  if (!terms) throw new Error(`the terms of ${institutionId} are gone`);
  const after = order.afterBatchId === null ? null : await tx.disbursements.byBatchId(order.afterBatchId);
  if (after === undefined || (after && after.institutionId !== institutionId)) throw new UnknownAfter();
  const batch = newBatch(order, batchId, addresses, items, terms, after?.id ?? null);
  const id = await tx.disbursements.insert(await withFreeExternalId(tx, batch));
  if (id === undefined) {
    const reason = `the id ${order.externalId} was given to an earlier batch`;
    throw new FileMistakes([{ line: 1, field: "batchId", reason }]);
  }
  const uniqueFor = rejectedFor ? null : institutionId;
  const repeated: RepeatedInstruction[] = [];
  for (let start = 0; start < items.instructions.length; start += sliceSize) {
    const slice = items.instructions.slice(start, start + sliceSize);
    repeated.push(...(await tx.disbursements.add({ id, uniqueFor }, slice)));
    if (repeated.length > mostMistakes) break;
  }
  const since = new Date((await tx.now()).getTime() - terms.duplicateDays * 86_400_000);
  if (repeated.length === 0 && !rejectedFor)
    repeated.push(...(await tx.disbursements.samePayments({ id, institutionId }, since, mostMistakes)));
  if (repeated.length > 0) throw new FileMistakes(repeated.slice(0, mostMistakes).map(mistakeOf));
  const [repetition] = rejectedFor ?? [];
  const refusal = repetition && `Line ${repetition.line} ${repetition.reason}`;
  if (refusal !== undefined) await tx.disbursements.setState(id, "rejected", refusal);
  const stored = await tx.disbursements.find(id);
  if (!stored) throw new Error(`batch ${batchId} is gone`);
  await tx.audit.record({
    actor: `institution:${institutionId}`,
    action: "disbursement.accept",
    subject: `disbursement:${batchId}`,
    after: { source: order.source, count: batch.totalCount, totalMinor: String(batch.totalMinor) },
  });
  await tellStatus(tx, stored, refusal ?? "The batch is valid and waits for its approval");
  return undefined;
}

/** The 1.0 tests give one batch id to many batches. */
async function withFreeExternalId(tx: Tx, batch: NewDisbursementBatch): Promise<NewDisbursementBatch> {
  if (batch.source !== "1.0" || batch.externalId === null) return batch;
  const taken = await tx.disbursements.byExternalId(batch.institutionId, batch.externalId);
  return taken ? { ...batch, externalId: null } : batch;
}

function newBatch(
  order: BatchOrder,
  batchId: string,
  addresses: Addresses,
  { instructions, currency, totalMinor }: CheckedItems,
  terms: DisbursementTerms,
  afterBatch: bigint | null,
): NewDisbursementBatch {
  const hash = contentHash(addresses, currency);
  for (const instruction of instructions) hash.add(instruction);
  return {
    batchId,
    institutionId: terms.institutionId,
    externalId: order.externalId,
    source: order.source,
    requestId: order.identity.key.requestId,
    programId: order.programId,
    callbackUrl: order.callbackUrl,
    currency,
    totalCount: instructions.length,
    totalMinor,
    contentHash: hash.digest(),
    submittedBy: order.submittedBy,
    executeAt: order.executeAt,
    afterBatch,
    mostFailedPercent: order.mostFailedPercent ?? terms.mostFailedPercent,
    combined: order.combined,
  };
}

function mistakeOf({ line, of, earlier }: RepeatedInstruction): Mistake {
  const where = `line ${earlier.line} of batch ${earlier.batchId}`;
  return of === "instruction id"
    ? { line, field: "requestId", reason: `was used before, in ${where}` }
    : { line, field: "", reason: `is the same payment to the same payee as ${where}` };
}
