/** The kinds of signed things. Adding one is a change of the wire format: readers are deployed before writers. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { contextOf } from "./realm.ts";

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
  return sha256(concatBytes(contextOf(`key-id/${kind}`), Uint8Array.of(0), publicKey)).slice(0, 8);
}
