/** The kinds of signed things. Adding one is a change of the wire format: readers are deployed before writers. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const signedKinds = [
  "operation",
  "voucher-token",
  "lease",
  "policy",
  "key-set",
  "verdict-list",
  "enrolment-certificate",
  "session-assertion",
  "acknowledgement",
  "carried-queue",
] as const;

export type SignedKind = (typeof signedKinds)[number];

/** Kinds that the server signs and a key set lists; the others are signed by nodes, whose keys certificates hold. */
export const serverKinds = [
  "voucher-token",
  "lease",
  "policy",
  "key-set",
  "verdict-list",
  "enrolment-certificate",
  "acknowledgement",
] as const satisfies readonly SignedKind[];

export type ServerKind = (typeof serverKinds)[number];

/** First 8 bytes of SHA-256(`paypost/1/key-id/<kind>` ‖ 0x00 ‖ public key): the name of one key for one kind. */
export function keyIdOf(kind: SignedKind, publicKey: Uint8Array): Uint8Array {
  const context = utf8ToBytes(`paypost/1/key-id/${kind}`);
  return sha256(concatBytes(context, Uint8Array.of(0), publicKey)).slice(0, 8);
}
