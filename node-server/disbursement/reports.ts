/**
 * The status push: at each step of a batch its sender is told how many payments, and how much money, are where (GovStack
 * Payments BB, `POST /api/v1/batch`).
 */
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import { requestCallback } from "../callbacks/outbox.ts";
import type { DisbursementBatch, DisbursementReport } from "../ports/disbursement.ts";
import type { Job, Tx } from "../ports/store.ts";

/** Notes how the batch stands, and tells its sender, who has said where it wants to hear of it. */
export async function tellStatus(tx: Tx, batch: DisbursementBatch, note: string): Promise<void> {
  const report = await tx.disbursements.report(batch.id, note.slice(0, 200));
  const job = await callbackOf(tx, batch, report);
  if (job) await tx.jobs.enqueue(job);
}

/** Tells the last status once more; undefined where nobody is to be told. */
export async function tellAgain(tx: Tx, batch: DisbursementBatch): Promise<Job | undefined> {
  const report = await tx.disbursements.lastReport(batch.id);
  return report && callbackOf(tx, batch, report);
}

async function callbackOf(
  tx: Tx,
  { institutionId, batchId, callbackUrl }: DisbursementBatch,
  { id: subject }: DisbursementReport,
): Promise<Job | undefined> {
  const institution = await tx.registry.institution(institutionId);
  const url = callbackUrl ?? institution?.callbackBaseUrl;
  if (!url) return undefined;
  const request = { institutionId, kind: "disbursement", subject, url, query: { batchId } } as const;
  return requestCallback(tx, request, "disbursement");
}

export async function reportCallback(tx: Tx, id: bigint): Promise<unknown> {
  const report = await tx.disbursements.findReport(id);
  const batch = report && (await tx.disbursements.find(report.batch));
  if (!report || !batch) throw new Error(`no disbursement report ${id}`);
  return statusBody(batch, report);
}

export function statusBody(
  batch: DisbursementBatch,
  status: Omit<DisbursementReport, "id" | "batch">,
): Readonly<Record<string, unknown>> {
  const { currency } = batch;
  const amount = (amountMinor: bigint) => rawNumber(formatMajor({ amountMinor, currency }));
  return {
    requestId: batch.requestId,
    batchId: batch.batchId,
    currency,
    TotalTransactions: batch.totalCount,
    ongoing: status.ongoing,
    failed: status.failed,
    completed: status.completed,
    totalAmount: amount(batch.totalMinor),
    completed_amount: amount(status.completedMinor),
    ongoing_amount: amount(status.ongoingMinor),
    failed_amount: amount(status.failedMinor),
    result_file: `/batches/${encodeURIComponent(batch.batchId)}/result`,
    resultGeneratedAt: status.at.toISOString(),
    note: status.note,
  };
}
