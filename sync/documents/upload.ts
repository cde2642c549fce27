/**
 * An upload: what a node posts to `/v1/operations`. It is not signed itself; the operations in it are, and the
 * secrets beside them are sealed for the server (design: "Writing: signed operations").
 *
 * Later field, readers first: `wallMs`.
 */
import { decodeDocument, encodeDocument, laterField, listOf, mapOf, nullable, rowOf } from "./codec.ts";
import type { Decoded } from "./codec.ts";
import { blob, hash, integer, smallCount, timeMs } from "./fields.ts";
import { mostVerdicts } from "./verdict-list.ts";

export interface UploadedOperation {
  readonly signed: Uint8Array;
  /** What its commitments open to, sealed for the server; null when there are none. */
  readonly sealed: Uint8Array | null;
}

export interface UploadRequest {
  /** The server's generation as the node knows it. */
  readonly generation: number;
  /** The last operation that the node believes the server to have; 0 and the certificate's hash when none. */
  readonly afterSequence: number;
  readonly afterHash: Uint8Array;
  readonly operations: readonly UploadedOperation[];
  /** The node's wall clock as it sends, so that the server can measure it; null where a file is handed in. */
  readonly wallMs: number | null;
}

/** As many as one verdict list can answer; with their secrets they stay well below 1 MiB. */
export const mostUploadedOperations = mostVerdicts;

/** The body of an upload. Throws when a field is out of its range. */
export function encodeUpload(upload: UploadRequest): Uint8Array {
  return encodeDocument(codec, upload);
}

/** Reads the body of an upload, or says what is wrong with it. */
export function decodeUpload(body: Uint8Array): Decoded<UploadRequest> {
  return decodeDocument(codec, body);
}

const codec = mapOf<UploadRequest>({
  generation: [1, smallCount],
  afterSequence: [2, integer(0, Number.MAX_SAFE_INTEGER)],
  afterHash: [3, hash],
  operations: [
    4,
    listOf(
      rowOf<UploadedOperation>({ signed: blob(4096), sealed: nullable(blob(1024)) }),
      mostUploadedOperations,
    ),
  ],
  wallMs: [5, laterField<number | null>(nullable(timeMs), null)],
});
