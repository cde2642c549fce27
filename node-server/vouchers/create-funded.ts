/** Making vouchers against a programme's budget and a group's funding, which is set aside in the same transaction. */
import type { Money } from "#core/money.ts";
import { accountId, reserveForVouchers } from "../ledger/entries.ts";
import type { BatchRow, Failure, NewVoucher, Tx } from "../ports/store.ts";
import type { IssuedNumber } from "./numbers.ts";

/** A voucher to be made of an instruction that has been checked. */
export interface Wanted {
  readonly line: number;
  readonly groupCode: string;
  readonly reservationDays: number;
  readonly money: Money;
  /** The lost voucher that it replaces. */
  readonly replaces?: bigint;
}

/** Where serials come from, and what becomes of the number of each. */
export interface Issuance {
  drawSerials(count: number): Promise<readonly bigint[]>;
  issue(serial: bigint): Promise<IssuedNumber>;
  /** Whether no voucher had any of the numbers when they were made. One that has since is the database's to refuse. */
  readonly areFree: boolean;
}

/** Money that comes to the group with the vouchers themselves, out of what is held for them elsewhere. */
export type BringFunding = (tx: Tx, made: readonly NewVoucher[]) => Promise<void>;

/**
 * Makes vouchers of one group and currency: as many as the programme's budget and the group's funding cover are made and
 * returned, the others fail one by one. The budget is locked before the account.
 */
export async function createFunded(
  tx: Tx,
  { id: batch, programId }: Pick<BatchRow, "id" | "programId">,
  wanted: readonly Wanted[],
  issuance: Issuance,
  bringFunding?: BringFunding,
): Promise<readonly NewVoucher[]> {
  const first = wanted[0];
  if (!first) return [];
  const { groupCode, reservationDays } = first;
  const { currency } = first.money;
  const budget = await tx.budgets.lock(programId, groupCode, currency);
  let left = budget ? budget.limitMinor - budget.usedMinor : undefined;
  let available = bringFunding
    ? wanted.reduce((sum, { money }) => sum + money.amountMinor, 0n)
    : await tx.ledger.lockBalance(accountId({ kind: "funding", owner: groupCode, currency }));
  const funded: Wanted[] = [];
  const failures: Failure[] = [];
  for (const wish of wanted) {
    const { amountMinor } = wish.money;
    if (left !== undefined && amountMinor > left) {
      failures.push({ line: wish.line, reason: "The programme's budget for the voucher group is used up" });
    } else if (amountMinor > available) {
      failures.push({ line: wish.line, reason: "Insufficient funds in the voucher group" });
    } else {
      available -= amountMinor;
      if (left !== undefined) left -= amountMinor;
      funded.push(wish);
    }
  }
  await tx.batches.fail(batch, failures);
  if (funded.length === 0) return [];
  const drawn = await newVouchers(tx, batch, funded, reservationDays, issuance);
  // A number that another voucher has is drawn again: its instruction is still open.
  const rows = issuance.areFree ? drawn : await tx.vouchers.withFreeNumbers(drawn);
  if (rows.length === 0) return [];
  await bringFunding?.(tx, rows);
  const key = `${batch}:${groupCode}:${rows[0]?.line}`;
  await tx.vouchers.insert(rows, reserveForVouchers(key, groupCode, currency, rows));
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
  const made = funded.map(async ({ line, groupCode, money, replaces }, index) => {
    const serial = serials[index];
    if (serial === undefined) throw new Error("too few serials were drawn");
    const { amountMinor, currency } = money;
    const number = await issuance.issue(serial);
    const voucher = { serial, batch, line, groupCode, amountMinor, currency, expiresAt, ...number };
    return replaces === undefined ? voucher : { ...voucher, replaces };
  });
  return Promise.all(made);
}
