/**
 * An upload: what a node posts to `/v1/operations`. It is not signed itself; the operations in it are, and the
 * secrets beside them are sealed for the server (design: "Writing: signed operations").
 *
 * Later field, readers first: `wallMs`.
 */
import type { CborValue } from "../signing/cbor.ts";
import {
  decodeDocument,
  encodeDocument,
  laterField,
  listOf,
  mapOf,
  nullable,
  refuse,
  rowOf,
} from "./codec.ts";
import type { Codec, Decoded } from "./codec.ts";
import { hash, integer, smallCount, timeMs } from "./fields.ts";

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

/** Bounds an upload; 200 operations with their secrets stay well below 1 MiB. */
export const mostUploadedOperations = 200;

/** The body of an upload. Throws when a field is out of its range. */
export function encodeUpload(upload: UploadRequest): Uint8Array {
  return encodeDocument(codec, upload);
}

/** Reads the body of an upload, or says what is wrong with it. */
export function decodeUpload(body: Uint8Array): Decoded<UploadRequest> {
  return decodeDocument(codec, body);
}

function blob(most: number): Codec<Uint8Array> {
  return {
    toCbor: (value) => value,
    fromCbor(value: CborValue, field: string) {
      if (!(value instanceof Uint8Array)) return refuse("wrong-type", field);
      return value.length > most ? refuse("out-of-range", field) : value;
    },
  };
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
