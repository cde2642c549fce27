/**
 * Accepting a batch voucher file. It is read twice from where it was spooled: once to its end, so that a file with any
 * mistake is refused whole before anything is stored, and once into the transaction that stores it, slice by slice.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Store, Tx } from "../ports/store.ts";
import { acceptOnce } from "../accept-once.ts";
import type { Accepted } from "../accept-once.ts";
import { jobOf } from "../vouchers/accept.ts";
import type { BatchRefusal, VoucherAcceptance } from "../vouchers/accept.ts";
import { openFile } from "./container.ts";
import type { BoxKey } from "./container.ts";
import { FileRefused } from "./refusal.ts";
import type { FileRefusal } from "./refusal.ts";
import { readRequestFile } from "./request.ts";
import type { RequestFile, RequestHeader } from "./request.ts";
import type { Spooled } from "./spool.ts";
import { hashed, slicesOf } from "./streams.ts";

export interface FileUpload {
  readonly institutionId: string;
  readonly callbackUrl: string | null;
  readonly file: Spooled;
  readonly boxKey: BoxKey;
  /** The answer to a file with this header and so many items. */
  readonly answer: (header: RequestHeader, total: number) => Accepted;
}

export type FileAcceptance =
  | { readonly ok: false; readonly file: FileRefusal }
  /** The outcome of its request id, as of any other request. */
  | { readonly ok: true; readonly header: RequestHeader; readonly acceptance: VoucherAcceptance };

export interface AcceptFileDependencies {
  readonly store: Store;
  /** Keys the hash that a repeated file is known by. */
  readonly indexKey: Uint8Array;
}

export async function acceptBatchFile(
  deps: AcceptFileDependencies,
  upload: FileUpload,
): Promise<FileAcceptance> {
  try {
    const inspected = await inspect(deps.indexKey, upload);
    return { ok: true, header: inspected.header, acceptance: await accept(deps.store, upload, inspected) };
  } catch (error) {
    if (error instanceof FileRefused) return { ok: false, file: error.refusal };
    throw error;
  }
}

interface Inspected {
  readonly header: RequestHeader;
  readonly total: number;
  /** Of the content: the same content is encrypted differently each time. */
  readonly bodyHash: Uint8Array;
}

async function inspect(indexKey: Uint8Array, upload: FileUpload): Promise<Inspected> {
  const hash = hmac.create(sha256, indexKey).update(utf8ToBytes("batch-file/"));
  const { header, items } = await readRequestFile(hashed(contentOf(upload), hash));
  let total = 0;
  for await (const { line } of items) total = line;
  if (total === 0)
    throw new FileRefused({ code: "malformed", place: "the file", field: "", reason: "has no items" });
  return { header, total, bodyHash: hash.digest() };
}

function accept(store: Store, upload: FileUpload, inspected: Inspected): Promise<VoucherAcceptance> {
  const { institutionId } = upload;
  const { header, total, bodyHash } = inspected;
  const { requestID: requestId } = header;
  const key = { institutionId, call: "POST /vouchers/batches", requestId };
  const known = async (tx: Tx) =>
    jobOf("issue-batch", await tx.batches.byRequest(institutionId, "file", requestId));
  return acceptOnce<BatchRefusal>(
    store,
    { key, bodyHash },
    upload.answer(header, total),
    known,
    async (tx) => {
      const { batchID: batchId, programID: programId } = header;
      const { callbackUrl } = upload;
      const batch = { kind: "file" as const, institutionId, requestId, batchId, programId, callbackUrl };
      const id = await tx.batches.insert(batch, []);
      if (id === undefined) return "batch-exists";
      await storeItems(tx, { id, institutionId, batchId }, await readRequestFile(contentOf(upload)));
      await tx.audit.record({
        actor: `institution:${institutionId}`,
        action: "batch-file.accept",
        subject: `batch:${id}`,
        after: { batchId, requestId, programId, total },
      });
      return jobOf("issue-batch", id);
    },
  );
}

async function storeItems(
  tx: Tx,
  batch: { readonly id: bigint; readonly institutionId: string; readonly batchId: string },
  { items, placeOf }: RequestFile,
): Promise<void> {
  for await (const slice of slicesOf(items)) {
    const repeated = await tx.batches.addUnique(batch, slice);
    if (!repeated) continue;
    const { line, earlier } = repeated;
    throw new FileRefused({
      code: "repeated-id",
      place: placeOf(line),
      uniqueId: slice.find((item) => item.line === line)?.instructionId ?? "",
      earlier: { ...earlier, sameFile: earlier.batchId === batch.batchId },
    });
  }
}

function contentOf({ file, boxKey }: FileUpload): AsyncIterable<Uint8Array> {
  return openFile("request", boxKey, file.read());
}
