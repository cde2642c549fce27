/**
 * The moment at which a batch is executed: its time has come, the batch before it is settled, and what is stored is what
 * was approved.
 */
import { equalBytes } from "#sync/signing/bytes.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { Store, Tx } from "../ports/store.ts";
import type { Addresses } from "../addresses.ts";
import { changeBatch } from "./change-batch.ts";
import { contentHash } from "./content-hash.ts";

export interface StartDependencies {
  readonly store: Store;
  readonly addresses: Addresses;
}

/** Starts the batch, or sees to it that it is looked at again when its time has come. */
export async function startBatch({ store, addresses }: StartDependencies, id: bigint): Promise<void> {
  const due = await store.transaction((tx) => dueBatch(tx, id));
  if (!due) return;
  const isAsApproved = equalBytes(await hashOf(store, addresses, due), due.contentHash);
  await store.transaction(async (tx) => {
    const batch = await dueBatch(tx, id);
    if (!batch) return;
    if (!isAsApproved) {
      await tx.alerts.raise("batch-differs-from-approved", `disbursement:${batch.batchId}`, {});
      return;
    }
    await changeBatch(tx, batch, { type: "DUE" }, { actor: "schedule", note: "The execution has begun" });
  });
}

/** The batch, locked, if it may begin now. */
async function dueBatch(tx: Tx, id: bigint): Promise<DisbursementBatch | undefined> {
  const batch = await tx.disbursements.lock(id);
  if (batch?.state !== "scheduled") return undefined;
  const waitMs = batch.executeAt ? batch.executeAt.getTime() - (await tx.now()).getTime() : 0;
  if (waitMs > 0) {
    const seconds = Math.min(Math.ceil(waitMs / 1000), longestWaitSeconds);
    await tx.jobs.enqueue({ queue: "start-batch", id: String(id) }, seconds);
    return undefined;
  }
  if (batch.afterBatch === null) return batch;
  const before = await tx.disbursements.find(batch.afterBatch);
  if (before?.state === "settled") return batch;
  // Its settlement starts this one. Of a batch that came to nothing there will be none.
  if (before && ["rejected", "unfunded", "cancelled"].includes(before.state))
    await tx.alerts.raise("batch-waits-in-vain", `disbursement:${batch.batchId}`, { after: before.batchId });
  return undefined;
}

const longestWaitSeconds = 86_400;
const sliceSize = 2_000;

async function hashOf(
  store: Store,
  addresses: Addresses,
  { id, currency }: DisbursementBatch,
): Promise<Uint8Array> {
  const hash = contentHash(addresses, currency);
  for (let afterLine = 0; ;) {
    const slice = await store.transaction((tx) =>
      tx.disbursements.instructions(id, { afterLine, limit: sliceSize }),
    );
    for (const instruction of slice) hash.add(instruction);
    const last = slice.at(-1);
    if (!last) return hash.digest();
    afterLine = last.line;
  }
}

/** Batches that wait: their jobs may be missing, and the batch before may have come to nothing meanwhile. */
export async function startDueBatches(deps: StartDependencies): Promise<void> {
  const waiting = await deps.store.transaction((tx) => tx.disbursements.inState("scheduled", 500));
  for (const id of waiting) await startBatch(deps, id);
}
