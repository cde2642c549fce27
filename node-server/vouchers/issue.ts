/**
 * Creating vouchers (GovStack vouchers, create): the request is stored whole and answered; a worker then makes the
 * vouchers in chunks, each with its funding set aside in the same transaction, and calls back when all have an outcome.
 */
import { parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { requestCallback } from "../callbacks/outbox.ts";
import { accountId, reserveForVouchers } from "../ledger/entries.ts";
import type {
  BatchRow,
  Failure,
  NewVoucher,
  Store,
  Tx,
  VoucherGroupRow,
  VoucherInstruction,
} from "../ports/store.ts";
import type { IssuedNumber, NumberMaking } from "./numbers.ts";
import { createNumberStock } from "./number-stock.ts";
import type { NumberStock } from "./number-stock.ts";

/** Vouchers of one transaction: large enough to be quick, small enough that a crash repeats little. */
const chunkSize = 200;

export interface IssueDependencies {
  readonly store: Store;
  readonly numbers: NumberMaking;
}

/** Works through a stored batch until every instruction has a voucher or a failure. Safe to run again after a crash. */
export async function issueBatch({ store, numbers }: IssueDependencies, batchId: bigint): Promise<void> {
  const stock = createNumberStock(store, numbers, await callerKeyOf(store, batchId));
  for (;;) {
    const open = await store.transaction((tx) => tx.batches.nextOpen(batchId, 2 * chunkSize));
    if (open.length === 0) break;
    await stock.fill(Math.min(open.length, chunkSize));
    // The numbers of the next chunk are made while this one is stored.
    await Promise.all([issueChunk(store, batchId, stock), stock.fill(open.length)]);
  }
  await completeBatch(store, batchId);
}

async function issueChunk(store: Store, batchId: bigint, stock: NumberStock): Promise<void> {
  const most = Math.min(stock.size, chunkSize);
  const taken = await store.transaction(async (tx) => {
    await lockBatch(tx, batchId);
    const { wanted, failures } = await checkInstructions(tx, await tx.batches.nextOpen(batchId, most));
    await tx.batches.fail(batchId, failures);
    const offer = stock.offer();
    for (const group of groupsOf(wanted)) await createFunded(tx, batchId, group, offer);
    return offer.taken;
  });
  stock.remove(taken);
}

function completeBatch(store: Store, batchId: bigint): Promise<void> {
  return store.transaction(async (tx) => {
    const batch = await lockBatch(tx, batchId);
    await tx.batches.complete(batchId);
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

/** A voucher to be made of an instruction that has been checked. */
interface Wanted {
  readonly line: number;
  readonly groupCode: string;
  readonly reservationDays: number;
  readonly money: Money;
}

/** Where serials come from, and what becomes of the number of each. */
export interface Issuance {
  drawSerials(count: number): Promise<readonly bigint[]>;
  issue(serial: bigint): Promise<IssuedNumber>;
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

/**
 * Makes vouchers of one group and currency: as many as the funding covers are made and returned, the others fail one
 * by one.
 */
export async function createFunded(
  tx: Tx,
  batch: bigint,
  wanted: readonly Wanted[],
  issuance: Issuance,
): Promise<readonly NewVoucher[]> {
  const first = wanted[0];
  if (!first) return [];
  const { groupCode, reservationDays } = first;
  const { currency } = first.money;
  let available = await tx.ledger.lockBalance(accountId({ kind: "funding", owner: groupCode, currency }));
  const funded: Wanted[] = [];
  const failures: Failure[] = [];
  for (const wish of wanted) {
    if (wish.money.amountMinor > available) {
      failures.push({ line: wish.line, reason: "Insufficient funds in the voucher group" });
    } else {
      available -= wish.money.amountMinor;
      funded.push(wish);
    }
  }
  await tx.batches.fail(batch, failures);
  if (funded.length === 0) return [];
  const drawn = await newVouchers(tx, batch, funded, reservationDays, issuance);
  const made = await tx.vouchers.insert(drawn);
  // A number that another voucher has is drawn again: its instruction is still open.
  const rows = drawn.filter(({ serial }) => made.has(serial));
  if (rows.length === 0) return [];
  await tx.ledger.post(
    reserveForVouchers(`${batch}:${groupCode}:${rows[0]?.line}`, groupCode, currency, rows),
  );
  return rows;
}

async function newVouchers(
  tx: Tx,
  batch: bigint,
  funded: readonly Wanted[],
  reservationDays: number,
  issuance: Issuance,
): Promise<NewVoucher[]> {
  const serials = await issuance.drawSerials(funded.length);
  // The reservation lapses; the validity runs from the activation.
  const expiresAt = new Date((await tx.now()).getTime() + reservationDays * 86_400_000);
  const made = funded.map(async (wish, index) => {
    const serial = serials[index];
    if (serial === undefined) throw new Error("too few serials were drawn");
    return {
      serial,
      batch,
      line: wish.line,
      groupCode: wish.groupCode,
      ...wish.money,
      expiresAt,
      ...(await issuance.issue(serial)),
    };
  });
  return Promise.all(made);
}

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
