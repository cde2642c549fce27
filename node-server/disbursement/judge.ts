/** How a batch stands after some of its payments have ended: whether it goes on, stops, or is done. */
import type { BatchTotals, DisbursementBatch } from "../ports/disbursement.ts";
import type { Tx } from "../ports/store.ts";
import { changeBatch } from "./change-batch.ts";
import { tellStatus } from "./reports.ts";

/** Fewer ended payments than these say nothing about a rate. */
const leastToJudge = 20;

/** `ended`: how many of its payments have ended just now. The batch is locked. */
export async function judgeProgress(tx: Tx, batch: DisbursementBatch, ended: number): Promise<void> {
  const after = await tx.disbursements.totals(batch.id);
  if (after.ongoing === 0) return settle(tx, batch, after);
  const percent = tooManyFailed(batch, after);
  if (percent !== undefined) {
    const because = `${percent} % of the payments failed, which is more than ${batch.mostFailedPercent} %`;
    const reason = { actor: "execution", note: `Stopped: ${because}`, because };
    const decision = await changeBatch(tx, batch, { type: "TOO_MANY_FAILED" }, reason);
    if (decision.ok) await tx.alerts.raise("batch-stopped", `disbursement:${batch.batchId}`, { percent });
    return;
  }
  const quarter = quarterOf(batch, after.ongoing);
  if (quarter > quarterOf(batch, after.ongoing + ended))
    await tellStatus(tx, batch, `${quarter * 25} % have ended`);
}

/** Every instruction of a batch has ended. The batch is locked. */
export async function settleIfEnded(tx: Tx, batch: DisbursementBatch): Promise<void> {
  const totals = await tx.disbursements.totals(batch.id);
  if (totals.ongoing === 0) await settle(tx, batch, totals);
}

async function settle(tx: Tx, batch: DisbursementBatch, { completed, failed }: BatchTotals): Promise<void> {
  // One that is paused is settled when it is resumed.
  if (batch.state !== "running" && batch.state !== "ending") return;
  const note = `Every payment has ended: ${completed} paid, ${failed} not`;
  await changeBatch(tx, batch, { type: "ALL_ENDED" }, { actor: "execution", note });
}

/** The failure rate since a person last let the batch go on, where it is above its bound. */
function tooManyFailed(batch: DisbursementBatch, { failed, completed }: BatchTotals): number | undefined {
  if (batch.state !== "running" || batch.mostFailedPercent === null) return undefined;
  const failedSince = Math.max(0, failed - batch.judgedFromFailed);
  const endedSince = failedSince + Math.max(0, completed - batch.judgedFromPaid);
  if (endedSince < Math.min(leastToJudge, batch.totalCount)) return undefined;
  const percent = Math.floor((failedSince * 100) / endedSince);
  return failedSince * 100 > batch.mostFailedPercent * endedSince ? percent : undefined;
}

function quarterOf({ totalCount }: DisbursementBatch, ongoing: number): number {
  return Math.floor(((totalCount - ongoing) * 4) / totalCount);
}
