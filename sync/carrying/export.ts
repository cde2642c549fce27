/**
 * Writes the queue into a carried file (design: "Carrying"). A node that has stopped may still do so: it signs what is
 * around its operations, and no new operation.
 */
import { encodeCarriedQueue } from "../documents/carried-queue.ts";
import { mostUploadedOperations, encodeUpload } from "../documents/upload.ts";
import type { QueueStorage, StoredOperation } from "../ports/queue-storage.ts";
import { nextBatch } from "../queue/batch.ts";
import { signDocumentSync } from "../signing/cose.ts";
import type { RandomBytes } from "../signing/random.ts";
import { seal } from "../signing/sealed.ts";
import type { SyncSigner } from "../signing/signers.ts";

export interface ExportParts {
  readonly queue: QueueStorage;
  /** Signs carried queues. */
  readonly signer: SyncSigner;
  readonly certificate: Uint8Array;
  readonly keySet: Uint8Array;
  readonly serverBoxKey: Uint8Array;
  readonly generation: number;
  readonly nowMs: number;
  readonly randomBytes: RandomBytes;
}

export type ExportResult =
  | {
      readonly ok: true;
      readonly file: Uint8Array;
      readonly operations: readonly StoredOperation[];
      /** Operations after the file's last one: they need another file. */
      readonly left: number;
    }
  | { readonly ok: false; readonly refusal: { readonly code: "nothing-to-export" | "no-such-operation" } };

/** Takes the operations after `after`, as many as fit into a file that every way takes. */
export function exportQueue(parts: ExportParts, after: number): ExportResult {
  const { queue, signer, randomBytes, serverBoxKey } = parts;
  const afterHash = queue.hashAt(after);
  if (!afterHash) return { ok: false, refusal: { code: "no-such-operation" } };
  const operations = nextBatch(queue, after, mostUploadedOperations);
  const last = operations.at(-1);
  if (!last) return { ok: false, refusal: { code: "nothing-to-export" } };
  const { generation } = parts;
  const upload = encodeUpload({
    generation,
    afterSequence: after,
    afterHash,
    operations,
    wallMs: null,
    lastSequence: null,
    evidence: null,
  });
  const payload = encodeCarriedQueue({
    certificate: parts.certificate,
    keySet: parts.keySet,
    serverBoxKey,
    firstSequence: after + 1,
    lastSequence: last.sequence,
    createdAtMs: parts.nowMs,
    sealed: seal(serverBoxKey, upload, randomBytes),
  });
  const left = queue.head().sequence - last.sequence;
  return { ok: true, file: signDocumentSync(signer, payload).bytes, operations, left };
}
