/**
 * An acknowledgement: the server's signed word that it has stored every operation of a carried queue (design:
 * "Carrying"). With it in hand a node's owner may do what is refused while anything is unsynced.
 *
 * Format 1: first one.
 */
import { decodeDocument, encodeDocument, mapOf, type Decoded } from "./codec.ts";
import { counter, formatVersion, hash, smallCount, timeMs, uuid } from "./fields.ts";

export interface Acknowledgement {
  readonly nodeId: string;
  readonly generation: number;
  /** The hash of the carried queue. */
  readonly fileHash: Uint8Array;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** The hash of the file's last operation. */
  readonly lastHash: Uint8Array;
  readonly serverTimeMs: number;
}

/** The payload of an acknowledgement. Throws when a field is out of its range. */
export function encodeAcknowledgement(acknowledgement: Acknowledgement): Uint8Array {
  return encodeDocument(codec, { version: 1, ...acknowledgement });
}

/** Reads the payload of an acknowledgement, or says what is wrong with it. */
export function decodeAcknowledgement(payload: Uint8Array): Decoded<Acknowledgement> {
  const decoded = decodeDocument(codec, payload);
  if (!decoded.ok) return decoded;
  const { version: _, ...acknowledgement } = decoded.value;
  return { ok: true, value: acknowledgement };
}

const codec = mapOf<Acknowledgement & { readonly version: 1 }>({
  version: [1, formatVersion(1)],
  nodeId: [2, uuid],
  generation: [3, smallCount],
  fileHash: [4, hash],
  firstSequence: [5, counter],
  lastSequence: [6, counter],
  lastHash: [7, hash],
  serverTimeMs: [8, timeMs],
});
