/**
 * An upload: what a node posts to `/v1/operations`. It is not signed itself; the operations in it are, and the
 * secrets beside them are sealed for the server (design: "Writing: signed operations").
 *
 * Each operation holds the hash of the one before it, which whoever reads them in order knows already: on the wire it is
 * cut out, and the place is named.
 *
 * Later fields, readers first: `wallMs`; `hashAt`; `lastSequence`, `evidence`.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import { readDocument } from "../signing/cose.ts";
import type { ReadDocument, RefusedDocument } from "../signing/cose.ts";
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
  /** The last operation that the node has; null where a file is handed in. */
  readonly lastSequence: number | null;
  /** For a server that was restored: its own signed verdict lists and leases, as far as these operations rest on them; null for none. */
  readonly evidence: readonly Uint8Array[] | null;
}

/** An upload as it came: its operations are taken apart, and not believed yet. */
export interface ReadUpload extends UploadRequest {
  readonly operations: readonly ReadOperation[];
}

export interface ReadOperation extends UploadedOperation {
  readonly document: ReadDocument | RefusedDocument;
}

/** As many as one verdict list can answer; with their secrets they stay well below 1 MiB. */
export const mostUploadedOperations = mostVerdicts;

/** The body of an upload. Throws when a field is out of its range. */
export function encodeUpload({ operations, ...upload }: UploadRequest): Uint8Array {
  let before: Uint8Array | undefined = upload.afterHash;
  const rows = operations.map(({ signed, sealed }): Row => {
    const at = before ? placeOf(before, signed) : -1;
    before = hashOfOperation(signed);
    if (at < 0) return { signed, sealed, hashAt: null };
    return { signed: cut(signed, at), sealed, hashAt: at };
  });
  return encodeDocument(codec, { ...upload, operations: rows });
}

/** Reads the body of an upload, or says what is wrong with it. */
export function decodeUpload(body: Uint8Array): Decoded<ReadUpload> {
  const decoded = decodeDocument(codec, body);
  if (!decoded.ok) return decoded;
  let before: Uint8Array | undefined = decoded.value.afterHash;
  const operations: ReadOperation[] = [];
  for (const [index, { signed, sealed, hashAt }] of decoded.value.operations.entries()) {
    const whole = hashAt === null ? signed : before && pasted(signed, hashAt, before);
    if (!whole) {
      return { ok: false, refusal: { code: "out-of-range", field: `operations[${index}].hashAt` } };
    }
    const document = readDocument("operation", whole);
    operations.push({ signed: whole, sealed, document });
    before = document.ok ? document.hash : undefined;
  }
  return { ok: true, value: { ...decoded.value, operations } };
}

/** Undefined for what is no signed thing at all. */
function hashOfOperation(signed: Uint8Array): Uint8Array | undefined {
  const read = readDocument("operation", signed);
  return read.ok ? read.hash : undefined;
}

function placeOf(part: Uint8Array, whole: Uint8Array): number {
  for (let at = 0; at + part.length <= whole.length; at++) {
    // Most places differ in the first byte, which is seen without a function.
    if (whole[at] === part[0] && part.every((byte, index) => whole[at + index] === byte)) return at;
  }
  return -1;
}

function cut(whole: Uint8Array, at: number): Uint8Array {
  return concatBytes(whole.subarray(0, at), whole.subarray(at + hashBytes));
}

function pasted(rest: Uint8Array, at: number, part: Uint8Array): Uint8Array | undefined {
  return at > rest.length ? undefined : concatBytes(rest.subarray(0, at), part, rest.subarray(at));
}

/** A verdict list and a lease for each operation of a batch. */
const mostEvidence = 200;
const hashBytes = 32;
const mostSignedBytes = 4096;

interface Row extends UploadedOperation {
  /** Where the hash of the operation before was cut out; null where nothing was. */
  readonly hashAt: number | null;
}

const codec = mapOf<Omit<UploadRequest, "operations"> & { readonly operations: readonly Row[] }>({
  generation: [1, smallCount],
  afterSequence: [2, integer(0, Number.MAX_SAFE_INTEGER)],
  afterHash: [3, hash],
  operations: [
    4,
    listOf(
      rowOf<Row>({
        signed: blob(mostSignedBytes),
        sealed: nullable(blob(1024)),
        hashAt: laterField<number | null>(nullable(integer(0, mostSignedBytes)), null),
      }),
      mostUploadedOperations,
    ),
  ],
  wallMs: [5, laterField<number | null>(nullable(timeMs), null)],
  lastSequence: [6, laterField<number | null>(nullable(integer(0, Number.MAX_SAFE_INTEGER)), null)],
  evidence: [
    7,
    laterField<readonly Uint8Array[] | null>(nullable(listOf(blob(500_000), mostEvidence)), null),
  ],
});
