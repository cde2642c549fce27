/**
 * NaCl sealed boxes (X25519, XSalsa20-Poly1305) for the secrets that travel beside signed operations: anyone can
 * seal for the server, and only the server can open. The key is used once, so the nonce may follow from the keys.
 */
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import type { RandomBytes } from "./random.ts";

export interface BoxKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** Bytes that sealing adds: the ephemeral public key and the Poly1305 tag. */
export const sealedOverhead = 48;

/** Seals for a recipient: ephemeral public key (32) ‖ box, nonce = SHA-512(ephemeral ‖ recipient)[0..24]. */
export function seal(
  recipientPublicKey: Uint8Array,
  plaintext: Uint8Array,
  randomBytes: RandomBytes,
): Uint8Array {
  const ephemeral = boxKeyPair(randomBytes(32));
  const nonce = nonceOf(ephemeral.publicKey, recipientPublicKey);
  const box = nacl.box(plaintext, nonce, recipientPublicKey, ephemeral.secretKey);
  return concatBytes(ephemeral.publicKey, box);
}

/** Opens what was sealed for this key pair; undefined when it was not, or was changed. */
export function openSealed(recipient: BoxKeyPair, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < sealedOverhead) return undefined;
  const ephemeralPublicKey = sealed.subarray(0, 32);
  const nonce = nonceOf(ephemeralPublicKey, recipient.publicKey);
  return nacl.box.open(sealed.subarray(32), nonce, ephemeralPublicKey, recipient.secretKey) ?? undefined;
}

/** The X25519 key pair of a 32-byte secret. */
export function boxKeyPair(secretKey: Uint8Array): BoxKeyPair {
  return nacl.box.keyPair.fromSecretKey(secretKey);
}

/** False for a key of small order: whatever is sealed for one can be opened by anyone (RFC 7748 section 6.1). */
export function isUsableBoxKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 32 && nacl.scalarMult(new Uint8Array(32), publicKey).some((byte) => byte !== 0);
}

/** The start of SHA-512(ephemeral ‖ recipient). */
export function nonceOf(ephemeralPublicKey: Uint8Array, recipientPublicKey: Uint8Array): Uint8Array {
  return sha512(concatBytes(ephemeralPublicKey, recipientPublicKey)).subarray(0, 24);
}
