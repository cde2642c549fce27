/**
 * Creating vouchers (GovStack vouchers, create): the request is stored whole and answered; a worker then makes the
 * vouchers in chunks, each with its funding set aside in the same transaction, and calls back when all have an outcome.
 */
import { parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { accountId, reserveForVouchers } from "../ledger/entries.ts";
import type { BatchRow, NewVoucher, Store, Tx, VoucherInstruction } from "../ports/store.ts";
import { issueNumber } from "./numbers.ts";
import type { NumberKeys } from "./numbers.ts";

/** Vouchers of one transaction: large enough to be quick, small enough that a crash repeats little. */
const chunkSize = 100;

export interface IssueDependencies {
  readonly store: Store;
  readonly numberKeys: NumberKeys;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** Works through a stored batch until every instruction has a voucher or a failure. Safe to run again after a crash. */
export async function issueBatch(deps: IssueDependencies, batchId: bigint): Promise<void> {
  while (await issueChunk(deps, batchId));
}

async function issueChunk(deps: IssueDependencies, batchId: bigint): Promise<boolean> {
  return deps.store.transaction(async (tx) => {
    const batch = await tx.batches.lock(batchId);
    if (!batch) throw new Error(`no voucher batch ${batchId}`);
    const open = await tx.batches.nextOpen(batchId, chunkSize);
    if (open.length === 0) {
      await tx.batches.complete(batchId);
      await tx.jobs.enqueue({ queue: "callback-batch", id: String(batchId) });
      return false;
    }
    const wanted: Wanted[] = [];
    for (const instruction of open) {
      const checked = await checkInstruction(tx, instruction);
      if (typeof checked === "string") await tx.batches.fail(batchId, instruction.line, checked);
      else wanted.push(checked);
    }
    for (const group of groupsOf(wanted)) await createVouchers(deps, tx, batch, group);
    return true;
  });
}

interface Wanted {
  readonly line: number;
  readonly groupCode: string;
  readonly validityDays: number;
  readonly money: Money;
}

async function checkInstruction(tx: Tx, instruction: VoucherInstruction): Promise<Wanted | string> {
  const group = await tx.registry.voucherGroup(instruction.groupCode);
  if (!group) return `Unknown voucher group ${instruction.groupCode}`;
  const parsed = parseMajor(instruction.amount, instruction.currency);
  if (!parsed.ok) return amountReasons[parsed.refusal.code];
  if (parsed.money.amountMinor === 0n) return "Amount must be above zero";
  return {
    line: instruction.line,
    groupCode: group.code,
    validityDays: group.validityDays,
    money: parsed.money,
  };
}

const amountReasons = {
  "unknown-currency": "Unknown currency",
  "malformed-amount": "Malformed amount",
  "too-many-decimals": "More decimals than the currency has",
  "amount-too-large": "Amount too large",
} as const;

/** One group's vouchers of a chunk: as many as the funding covers are made, the others are refused one by one. */
async function createVouchers(
  deps: IssueDependencies,
  tx: Tx,
  batch: BatchRow,
  wanted: readonly Wanted[],
): Promise<void> {
  const first = wanted[0];
  if (!first) return;
  const { groupCode, validityDays } = first;
  const { currency } = first.money;
  let available = await tx.ledger.lockBalance(accountId({ kind: "funding", owner: groupCode, currency }));
  const funded: Wanted[] = [];
  for (const wish of wanted) {
    if (wish.money.amountMinor > available) {
      await tx.batches.fail(batch.id, wish.line, "Insufficient funds in the voucher group");
    } else {
      available -= wish.money.amountMinor;
      funded.push(wish);
    }
  }
  if (funded.length === 0) return;
  const rows = await newVouchers(deps, tx, batch, funded, validityDays);
  await tx.vouchers.insert(rows);
  await tx.ledger.post(
    reserveForVouchers(`${batch.id}:${groupCode}:${rows[0]?.line}`, groupCode, currency, rows),
  );
}

async function newVouchers(
  deps: IssueDependencies,
  tx: Tx,
  batch: BatchRow,
  funded: readonly Wanted[],
  validityDays: number,
): Promise<NewVoucher[]> {
  const institution = await tx.registry.institution(batch.institutionId);
  const callerKey = institution?.boxPublicKey;
  if (!callerKey)
    throw new Error(`institution ${batch.institutionId} has no key to encrypt voucher numbers for`);
  const serials = await tx.vouchers.nextSerials(funded.length);
  // The reservation lapses as the validity would; the validity itself runs from the activation.
  const expiresAt = new Date((await tx.now()).getTime() + validityDays * 86_400_000);
  return funded.map((wish, index) => {
    const serial = serials[index];
    if (serial === undefined) throw new Error("too few serials were drawn");
    return {
      serial,
      batch: batch.id,
      line: wish.line,
      groupCode: wish.groupCode,
      ...wish.money,
      expiresAt,
      ...issueNumber(deps.numberKeys, serial, callerKey, deps.randomBytes),
    };
  });
}

/** By group and currency, in a fixed order, so that two batches lock accounts alike. */
function groupsOf(wanted: readonly Wanted[]): Wanted[][] {
  const groups = Map.groupBy(wanted, (wish) => `${wish.groupCode}:${wish.money.currency}`);
  return [...groups.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
