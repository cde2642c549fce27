/** One voucher as a batch of its own: the instruction that the current API would have stored, and its funding. */
import { bytesToHex } from "@noble/hashes/utils.js";
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import type { NewVoucher, Tx, VoucherGroupRow } from "../../ports/store.ts";
import { createFunded } from "../create-funded.ts";
import type { Issuance } from "../create-funded.ts";

export interface SingleVoucher {
  readonly institutionId: string;
  readonly group: VoucherGroupRow;
  readonly money: Money;
  readonly comment: string;
}

/** 1.0 names no programme. */
const programId = "1.0";

/** Makes the voucher; undefined where the group's funding does not cover it. */
export async function createSingle(
  tx: Tx,
  randomBytes: (length: number) => Uint8Array,
  wish: SingleVoucher,
  issuance: Issuance,
): Promise<NewVoucher | undefined> {
  const { institutionId, group, money } = wish;
  const batch = await insertBatch(tx, `1.0-${bytesToHex(randomBytes(12))}`, wish);
  const wanted = { line: 1, groupCode: group.code, reservationDays: group.reservationDays, money };
  let voucher: NewVoucher | undefined;
  // A number that another voucher has leaves the instruction open, to be drawn again.
  while (!voucher && (await tx.batches.nextOpen(batch, 1)).length > 0)
    [voucher] = await createFunded(tx, { id: batch, programId }, [wanted], issuance);
  if (!voucher) return undefined;
  await tx.batches.complete(batch);
  await tx.audit.record({
    actor: `institution:${institutionId}`,
    action: "voucher.preactivate",
    subject: `voucher:${voucher.serial}`,
    after: { group: group.code, amountMinor: String(money.amountMinor), currency: money.currency },
  });
  return voucher;
}

/** Nobody asks for this batch by its ids, and no callback tells of it. */
async function insertBatch(tx: Tx, id: string, wish: SingleVoucher): Promise<bigint> {
  const { institutionId, group, money, comment } = wish;
  const instruction = {
    line: 1,
    instructionId: "1",
    groupCode: group.code,
    currency: money.currency,
    amount: formatMajor(money),
    payeeFunctionalId: null,
    narration: comment,
  };
  const ids = { institutionId, requestId: id, batchId: id, programId };
  const batch = await tx.batches.insert({ ...ids, kind: "single", callbackUrl: null }, [instruction]);
  if (batch === undefined) throw new Error(`the batch id ${id} was used before`);
  return batch;
}
