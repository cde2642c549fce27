/** What became of the items of a batch, as the content of an answer file: JSON Lines, a header and one line an item. */
import { formatSerial } from "#core/voucher-number.ts";
import type { BatchProgress, BatchResult, BatchRow, Store } from "../ports/store.ts";

const sliceSize = 1_000;

/**
 * Reads in slices, each in a short transaction of its own: of a complete batch nothing changes but the numbers, which are
 * erased when their time has come. Once all was read, the numbers count as delivered.
 */
export async function* answerContent(
  store: Store,
  batch: BatchRow,
  progress: BatchProgress,
): AsyncGenerator<Uint8Array> {
  const { requestId: requestID, batchId: batchID } = batch;
  const { total, created, failed } = progress;
  yield textBytes(`${JSON.stringify({ requestID, batchID, total, created, failed })}\n`);
  for (let afterLine = 0; ;) {
    const slice = { afterLine, limit: sliceSize };
    const results = await store.transaction((tx) => tx.batches.results(batch.id, slice));
    const last = results.at(-1);
    if (!last) break;
    yield textBytes(results.map((result) => `${JSON.stringify(answerItem(result))}\n`).join(""));
    afterLine = last.line;
  }
}

function answerItem(result: BatchResult): Readonly<Record<string, string>> {
  const uniqueId = result.instructionId;
  if (result.serial === null)
    return { uniqueId, status: "failed", failureReason: result.failureReason ?? "" };
  return {
    uniqueId,
    status: "created",
    serialNumber: formatSerial(result.serial),
    // Erased some days after it was delivered: a file that is fetched after that is without it.
    ...(result.ciphertext === null ? {} : { voucherNumber: result.ciphertext }),
    ...(result.expiresAt === null ? {} : { expiryDate: result.expiresAt.toISOString() }),
  };
}

const textEncoder = new TextEncoder();

function textBytes(text: string): Uint8Array {
  return textEncoder.encode(text);
}
