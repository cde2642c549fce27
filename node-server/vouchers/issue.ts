/**
 * Creating vouchers (GovStack vouchers, create): the request is stored whole and answered; a worker then makes the
 * vouchers in chunks, each with its funding set aside in the same transaction, and calls back when all have an outcome.
 */
import { parseMajor } from "#core/money.ts";
import { requestCallback } from "../callbacks/outbox.ts";
import { bringBatchMoney, endVouchers } from "../disbursement/vouchers.ts";
import type { BatchRow, Failure, Store, Tx, VoucherGroupRow, VoucherInstruction } from "../ports/store.ts";
import { createFunded } from "./create-funded.ts";
import type { Wanted } from "./create-funded.ts";
import type { NumberMaking } from "./numbers.ts";
import { replaceVoucher } from "./reissue.ts";
import { createNumberStock } from "./number-stock.ts";
import type { NumberStock } from "./number-stock.ts";

/** Vouchers of one transaction: large enough to be quick, small enough that a crash repeats little. */
const chunkSize = 1000;

export interface IssueDependencies {
  readonly store: Store;
  readonly numbers: NumberMaking;
}

/** Works through a stored batch until every instruction has a voucher or a failure. Safe to run again after a crash. */
export async function issueBatch({ store, numbers }: IssueDependencies, batchId: bigint): Promise<void> {
  const stock = createNumberStock(store, numbers, await callerKeyOf(store, batchId));
  for (;;) {
    const { first, count } = await nextOpen(store, batchId);
    if (!first) break;
    await stock.fill(Math.min(count, chunkSize));
    if (first.replaces) {
      await replaceOne(store, batchId, first, stock);
      continue;
    }
    // The numbers of the next chunk are made while this one is stored.
    await Promise.all([issueChunk(store, batchId, stock), stock.fill(count)]);
  }
  await completeBatch(store, batchId);
}

/** The next instruction, and how many are open, as far as two chunks go. */
function nextOpen(store: Store, batchId: bigint) {
  return store.transaction(async ({ batches }) => {
    const [first] = await batches.nextOpen(batchId, 1);
    return { first, count: first ? await batches.countOpen(batchId, 2 * chunkSize) : 0 };
  });
}

/** Lost vouchers are replaced one by one: each takes its own way back when it is refused. */
async function replaceOne(
  store: Store,
  batchId: bigint,
  instruction: VoucherInstruction,
  stock: NumberStock,
): Promise<void> {
  const batch = await store.transaction((tx) => tx.batches.find(batchId));
  if (!batch) throw new Error(`no voucher batch ${batchId}`);
  let offer = stock.offer();
  await replaceVoucher(store, batch, instruction, () => (offer = stock.offer()));
  stock.remove(offer.taken);
}

async function issueChunk(store: Store, batchId: bigint, stock: NumberStock): Promise<void> {
  const most = Math.min(stock.size, chunkSize);
  const taken = await store.transaction(async (tx) => {
    const batch = await lockBatch(tx, batchId);
    const { wanted, failures } = await checkInstructions(tx, await tx.batches.nextOpen(batchId, most));
    await tx.batches.fail(batchId, failures);
    const offer = stock.offer();
    const bring = batch.kind === "disbursement" ? bringBatchMoney : undefined;
    for (const group of groupsOf(wanted)) await createFunded(tx, batch, group, offer, bring);
    return offer.taken;
  });
  stock.remove(taken);
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
