/**
 * Creating vouchers (GovStack vouchers, create): the request is stored whole and answered; a worker then makes the
 * vouchers in chunks, each with its funding set aside in the same transaction, and calls back when all have an outcome.
 */
import { parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { accountId, reserveForVouchers } from "../ledger/entries.ts";
import type { NewVoucher, Store, Tx, VoucherInstruction } from "../ports/store.ts";
import { issueNumber } from "./numbers.ts";
import type { IssuedNumber, NumberKeys } from "./numbers.ts";

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
      if (typeof checked === "string")
        await tx.batches.fail(batchId, [{ line: instruction.line, reason: checked }]);
      else wanted.push(checked);
    }
    if (wanted.length === 0) return true;
    const callerKey = await callerKeyOf(tx, batch.institutionId);
    const issuance = {
      drawSerials: (count: number) => tx.vouchers.nextSerials(count),
      issue: (serial: bigint) => issueNumber(deps.numberKeys, serial, callerKey, deps.randomBytes),
    };
    for (const group of groupsOf(wanted)) await createFunded(tx, batch.id, group, issuance);
    return true;
  });
}

/** A voucher to be made of an instruction that has been checked. */
interface Wanted {
  readonly line: number;
  readonly groupCode: string;
  readonly reservationDays: number;
  readonly money: Money;
}

/** Where serials come from, and what becomes of the number of each. */
interface Issuance {
  drawSerials(count: number): Promise<readonly bigint[]>;
  issue(serial: bigint): IssuedNumber;
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
async function createFunded(
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
  for (const wish of wanted) {
    if (wish.money.amountMinor > available) {
      await tx.batches.fail(batch, [{ line: wish.line, reason: "Insufficient funds in the voucher group" }]);
    } else {
      available -= wish.money.amountMinor;
      funded.push(wish);
    }
  }
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
  return funded.map((wish, index) => {
    const serial = serials[index];
    if (serial === undefined) throw new Error("too few serials were drawn");
    return {
      serial,
      batch,
      line: wish.line,
      groupCode: wish.groupCode,
      ...wish.money,
      expiresAt,
      ...issuance.issue(serial),
    };
  });
}

async function callerKeyOf(tx: Tx, institutionId: string): Promise<Uint8Array> {
  const institution = await tx.registry.institution(institutionId);
  if (!institution?.boxPublicKey)
    throw new Error(`institution ${institutionId} has no key to encrypt voucher numbers for`);
  return institution.boxPublicKey;
}

/** By group and currency, in a fixed order, so that two batches lock accounts alike. */
function groupsOf(wanted: readonly Wanted[]): Wanted[][] {
  const groups = Map.groupBy(wanted, (wish) => `${wish.groupCode}:${wish.money.currency}`);
  return [...groups.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
