/**
 * Payees who are paid by voucher: vouchers are made for them as for any other request, and their numbers delivered to the
 * source BB by its callback. Their money goes from the batch to the voucher group with the vouchers themselves.
 */
import { formatMajor } from "#core/money.ts";
import { batchToGroup } from "../ledger/entries.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { UnplannedInstruction } from "../ports/execution.ts";
import type { NewVoucher, Tx } from "../ports/store.ts";
import { judgeProgress } from "./judge.ts";

/** Orders vouchers for instructions, which count as sent from now on; refuses them where none can be made. */
export async function orderVouchers(
  tx: Tx,
  batch: DisbursementBatch,
  instructions: readonly UnplannedInstruction[],
): Promise<void> {
  if (instructions.length === 0) return;
  const { currency } = batch;
  const group = (await tx.disbursements.terms(batch.institutionId))?.voucherGroup ?? null;
  const institution = await tx.registry.institution(batch.institutionId);
  const why = whyNot(group, institution?.boxPublicKey ?? null, batch);
  if (why !== undefined || group === null) {
    const reason = why ?? "";
    const refused = instructions.map(({ line }) => ({ line, reasonCode: "NARR", reason }));
    return tx.execution.refuse(batch.id, refused);
  }
  const id = `${batch.id}/${await tx.execution.nextChunk(batch.id)}`;
  const voucherBatch = await tx.batches.insert(
    {
      kind: "disbursement",
      institutionId: batch.institutionId,
      batchId: id,
      requestId: id,
      programId: batch.programId ?? "",
      callbackUrl: batch.callbackUrl,
    },
    instructions.map(({ line, instructionId, amountMinor, payeeIdentity, narration }) => ({
      line,
      instructionId,
      groupCode: group,
      currency,
      amount: formatMajor({ amountMinor, currency }),
      payeeFunctionalId: payeeIdentity,
      narration,
    })),
  );
  if (voucherBatch === undefined) throw new Error(`vouchers ${id} were ordered before`);
  const lines = instructions.map(({ line }) => line);
  await tx.execution.planVouchers(batch.id, voucherBatch, lines);
  await tx.jobs.enqueue({ queue: "issue-batch", id: String(voucherBatch) });
}

function whyNot(
  group: string | null,
  boxPublicKey: Uint8Array | null,
  batch: DisbursementBatch,
): string | undefined {
  if (group === null) return "The agency's terms name no voucher group";
  if (boxPublicKey === null) return "The agency has no key that voucher numbers are encrypted for";
  if (batch.callbackUrl === null) return "The batch has no callback that vouchers are delivered to";
  return undefined;
}

/** The money of vouchers that were made goes from what is held for their batch to their group. */
export async function bringBatchMoney(tx: Tx, made: readonly NewVoucher[]): Promise<void> {
  const [first] = made;
  if (!first) return;
  const chunk = await tx.execution.chunkOfVouchers(first.batch);
  if (!chunk) throw new Error(`voucher batch ${first.batch} is of no disbursement`);
  const amountMinor = made.reduce((sum, voucher) => sum + voucher.amountMinor, 0n);
  const money = { amountMinor, currency: first.currency };
  await tx.ledger.post(batchToGroup(first.serial, chunk.batch, first.groupCode, money));
}

/** Every voucher of a chunk has been made, or will not be. */
export async function endVouchers(tx: Tx, voucherBatch: bigint): Promise<void> {
  const chunk = await tx.execution.chunkOfVouchers(voucherBatch);
  if (!chunk) throw new Error(`voucher batch ${voucherBatch} is of no disbursement`);
  const batch = await tx.disbursements.lock(chunk.batch);
  if (!batch) throw new Error(`no disbursement batch ${chunk.batch}`);
  const results = await tx.batches.results(voucherBatch);
  await tx.execution.endVouchers(
    batch.id,
    results.map(({ line, serial, failureReason: reason }) => ({ line, serial, reason })),
  );
  await judgeProgress(tx, batch, results.length);
}
