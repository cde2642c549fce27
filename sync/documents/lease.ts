/** A lease: the server's signed word that one node alone may redeem a voucher for a time (design section 4.1). */
import { decodeDocument, encodeDocument, mapOf, type Decoded } from "./codec.ts";
import { epoch, serial, timeMs, uuid, type Epoch } from "./fields.ts";

export type { Epoch } from "./fields.ts";

export interface Lease {
  readonly serial: bigint;
  readonly nodeId: string;
  readonly epoch: Epoch;
  /** By the node's trusted time; never after the voucher's own expiry. */
  readonly notAfterMs: number;
}

/** The payload of a lease. Throws when a field is out of its range. */
export function encodeLease(lease: Lease): Uint8Array {
  return encodeDocument(codec, lease);
}

/** Reads the payload of a lease, or says what is wrong with it. */
export function decodeLease(payload: Uint8Array): Decoded<Lease> {
  return decodeDocument(codec, payload);
}

const codec = mapOf<Lease>({
  serial: [1, serial],
  nodeId: [2, uuid],
  epoch: [3, epoch],
  notAfterMs: [4, timeMs],
});
