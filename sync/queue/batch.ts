/** How much goes up at a time: an interrupted upload costs at most one batch. */
import type { QueueStorage, StoredOperation } from "../ports/queue-storage.ts";

export const mostOperations = 100;
/** Room is left for the envelope within the server's limit of 1 MiB. */
const mostBytes = 900_000;

/** The operations after `after`, at most `limit` of them, and at least one where there is one. Throws by Q3. */
export function nextBatch(
  queue: Pick<QueueStorage, "after" | "agreeOnHead">,
  after: number,
  limit: number,
): StoredOperation[] {
  queue.agreeOnHead();
  const operations = queue.after(after, limit);
  let bytes = 0;
  const tooMuch = operations.findIndex(({ signed, sealed }) => {
    bytes += signed.length + (sealed?.length ?? 0) + 16;
    return bytes > mostBytes;
  });
  return tooMuch < 0 ? operations : operations.slice(0, Math.max(1, tooMuch));
}
