/**
 * Creating vouchers (GovStack vouchers, create): the request is stored whole and answered; a worker then makes the
 * vouchers in chunks, each with its funding set aside in the same transaction, and calls back when all have an outcome.
 */
import { parseMajor } from "#core/money.ts";
import { requestCallback } from "../callbacks/outbox.ts";
import { bringBatchMoney, endVouchers } from "../disbursement/vouchers.ts";
import type { BatchRow, Failure, Store, Tx, VoucherGroupRow, VoucherInstruction } from "../ports/store.ts";
import { createFunded } from "./create-funded.ts";
import type { Issuance, Wanted } from "./create-funded.ts";
import type { NumberMaking } from "./numbers.ts";
import { replaceVoucher } from "./reissue.ts";
import { createNumberStock } from "./number-stock.ts";
import type { NumberStock } from "./number-stock.ts";

/** Vouchers of one transaction: large enough to be quick, small enough that a crash repeats little. */
const chunkSize = 2400;
/** Of the first one, while whose numbers are made nothing can be stored. */
const firstChunkSize = 500;

export interface IssueDependencies {
  readonly store: Store;
  readonly numbers: NumberMaking;
}

/** Works through a stored batch until every instruction has a voucher or a failure. Safe to run again after a crash. */
export async function issueBatch({ store, numbers }: IssueDependencies, batchId: bigint): Promise<void> {
  const stock = createNumberStock(store, numbers, await callerKeyOf(store, batchId));
  for (;;) {
    const chunk = await readChunk(store, batchId, { most: firstChunkSize });
    const [first] = chunk.instructions;
    if (!first) break;
    if (first.replaces) await replaceEach(store, batchId, chunk, stock);
    else await issueFrom(store, batchId, chunk, stock);
  }
  await completeBatch(store, batchId);
}

/** What a transaction is to make vouchers of, read and checked before it begins. */
interface Chunk {
  /** Open ones in the order of their lines, none left out between them. */
  readonly instructions: readonly VoucherInstruction[];
  readonly wanted: readonly Wanted[];
  readonly failures: readonly Failure[];
}

/** The next open instructions, of all or of those after a line. */
function readChunk(
  store: Store,
  batchId: bigint,
  { most, afterLine }: { readonly most: number; readonly afterLine?: number | undefined },
): Promise<Chunk> {
  return store.transaction(async (tx) => {
    const instructions = await tx.batches.nextOpen(batchId, most, afterLine);
    return { instructions, ...(await checkInstructions(tx, instructions)) };
  });
}

/** Chunk after chunk, until none is left or another worker has come first. */
async function issueFrom(store: Store, batchId: bigint, first: Chunk, stock: NumberStock): Promise<void> {
  let chunk = first;
  while (chunk.instructions.length > 0) {
    const { instructions } = chunk;
    await stock.make(instructions.length - stock.size);
    const ahead = once(() => readAhead(store, batchId, instructions, stock));
    if (!(await issueChunk(store, batchId, chunk, stock, ahead))) return;
    chunk = await ahead();
  }
}

/** What is begun by whoever asks first. Where nobody waits for it any more, it may fail unheard. */
function once<T>(begin: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    if (!begun) {
      begun = begin();
      begun.catch(() => {});
    }
    return begun;
  };
}

/** The next chunk, and its numbers beside those of this one, which the stock still has. */
async function readAhead(
  store: Store,
  batchId: bigint,
  instructions: readonly VoucherInstruction[],
  stock: NumberStock,
): Promise<Chunk> {
  const left = stock.size - instructions.length;
  const afterLine = instructions.at(-1)?.line;
  const next = await readChunk(store, batchId, { most: chunkSize, afterLine });
  await stock.make(next.instructions.length - left);
  return next;
}

/** Lost vouchers are replaced one by one: each takes its own way back when it is refused. */
async function replaceEach(
  store: Store,
  batchId: bigint,
  { instructions }: Chunk,
  stock: NumberStock,
): Promise<void> {
  const batch = await store.transaction((tx) => tx.batches.find(batchId));
  if (!batch) throw new Error(`no voucher batch ${batchId}`);
  for (const [index, instruction] of instructions.entries()) {
    await stock.make(instructions.length - index - stock.size);
    let offer = stock.offer();
    await replaceVoucher(store, batch, instruction, () => (offer = stock.offer()));
    stock.remove(offer.taken);
  }
}

/**
 * False, with nothing done, where another worker has come first. What is ahead is begun when nearly all that is left is the
 * database's work, so that the small questions before it are answered at once.
 */
async function issueChunk(
  store: Store,
  batchId: bigint,
  { instructions, wanted, failures }: Chunk,
  stock: NumberStock,
  ahead: () => Promise<unknown>,
): Promise<boolean> {
  const taken = await store.transaction(async (tx) => {
    const batch = await lockBatch(tx, batchId);
    const lines = instructions.map(({ line }) => line);
    if (!(await tx.batches.areOpen(batchId, lines))) return undefined;
    await tx.batches.fail(batchId, failures);
    const offer = stock.offer();
    const bring = batch.kind === "disbursement" ? bringBatchMoney : undefined;
    const drawSerials: Issuance["drawSerials"] = (count) => {
      void ahead();
      return offer.drawSerials(count);
    };
    for (const group of groupsOf(wanted))
      await createFunded(tx, batch, group, { ...offer, drawSerials }, bring);
    return offer.taken;
  });
  stock.remove(taken ?? []);
  return taken !== undefined;
}

function completeBatch(store: Store, batchId: bigint): Promise<void> {
  return store.transaction(async (tx) => {
    const batch = await lockBatch(tx, batchId);
    await tx.batches.complete(batchId);
    if (batch.kind === "disbursement") await endVouchers(tx, batchId);
    const { institutionId, callbackUrl: url } = batch;
    if (url === null) return;
    const request = { institutionId, kind: "batch", subject: batchId, url } as const;
    const path = batch.kind === "file" ? "file" : "create";
    await tx.jobs.enqueue(await requestCallback(tx, request, path));
  });
}

async function lockBatch(tx: Tx, batchId: bigint): Promise<BatchRow> {
  const batch = await tx.batches.lock(batchId);
  if (!batch) throw new Error(`no voucher batch ${batchId}`);
  return batch;
}

async function checkInstructions(
  tx: Tx,
  instructions: readonly VoucherInstruction[],
): Promise<{ readonly wanted: readonly Wanted[]; readonly failures: readonly Failure[] }> {
  const groups = new Map<string, VoucherGroupRow | undefined>();
  for (const name of new Set(instructions.map(({ groupCode }) => groupCode)))
    groups.set(name, await tx.registry.voucherGroup(name));
  const wanted: Wanted[] = [];
  const failures: Failure[] = [];
  for (const instruction of instructions) {
    const checked = checkInstruction(instruction, groups.get(instruction.groupCode));
    if (typeof checked === "string") failures.push({ line: instruction.line, reason: checked });
    else wanted.push(checked);
  }
  return { wanted, failures };
}

function checkInstruction(
  instruction: VoucherInstruction,
  group: VoucherGroupRow | undefined,
): Wanted | string {
  if (!group) return `Unknown voucher group ${instruction.groupCode}`;
  const parsed = parseMajor(instruction.amount, instruction.currency);
  if (!parsed.ok) return amountReasons[parsed.refusal.code];
  if (parsed.money.amountMinor === 0n) return "Amount must be above zero";
  return {
    line: instruction.line,
    groupCode: group.code,
    reservationDays: group.reservationDays,
    money: parsed.money,
  };
}

const amountReasons = {
  "unknown-currency": "Unknown currency",
  "malformed-amount": "Malformed amount",
  "too-many-decimals": "More decimals than the currency has",
  "amount-too-large": "Amount too large",
} as const;

function callerKeyOf(store: Store, batchId: bigint): Promise<Uint8Array> {
  return store.transaction(async (tx) => {
    const batch = await tx.batches.find(batchId);
    const institution = batch && (await tx.registry.institution(batch.institutionId));
    if (!institution?.boxPublicKey) throw new Error(`nobody to encrypt the numbers of batch ${batchId} for`);
    return institution.boxPublicKey;
  });
}

/** By group and currency, in a fixed order, so that two batches lock accounts alike. */
function groupsOf(wanted: readonly Wanted[]): Wanted[][] {
  const groups = Map.groupBy(wanted, (wish) => `${wish.groupCode}:${wish.money.currency}`);
  return [...groups.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
