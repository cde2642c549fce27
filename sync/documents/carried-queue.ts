/**
 * A carried queue: operations of a node in a file, for a USB stick (design: "Carrying"). The operations are sealed for
 * the server; what is around them lets anyone check whose file it is, for which server, and that it is whole.
 *
 * Format 1: first one.
 */
import { decodeDocument, encodeDocument, mapOf, where, type Decoded } from "./codec.ts";
import { blob, bytes, counter, formatVersion, timeMs } from "./fields.ts";

export interface CarriedQueue {
  /** The node's signed enrolment certificate, which holds the key that signed the file. */
  readonly certificate: Uint8Array;
  /** The signed key set that the certificate was checked with. */
  readonly keySet: Uint8Array;
  /** X25519: the server's key that the operations are sealed with. */
  readonly serverBoxKey: Uint8Array;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly createdAtMs: number;
  /** An upload (`./upload.ts`) in a sealed box. */
  readonly sealed: Uint8Array;
}

/** The payload of a carried queue. Throws when a field is out of its range. */
export function encodeCarriedQueue(carried: CarriedQueue): Uint8Array {
  return encodeDocument(codec, { version: 1, ...carried });
}

/** Reads the payload of a carried queue, or says what is wrong with it. */
export function decodeCarriedQueue(payload: Uint8Array): Decoded<CarriedQueue> {
  const decoded = decodeDocument(codec, payload);
  if (!decoded.ok) return decoded;
  const { version: _, ...carried } = decoded.value;
  return { ok: true, value: carried };
}

const codec = where(
  mapOf<CarriedQueue & { readonly version: 1 }>({
    version: [1, formatVersion(1)],
    certificate: [2, blob(4096)],
    keySet: [3, blob(16_384)],
    serverBoxKey: [4, bytes(32)],
    firstSequence: [5, counter],
    lastSequence: [6, counter],
    createdAtMs: [7, timeMs],
    sealed: [8, blob(1_000_000)],
  }),
  ({ firstSequence, lastSequence }) => (lastSequence < firstSequence ? "lastSequence" : undefined),
);
