/**
 * The node's signing key: made here, never leaves, and on the disk only wrapped by a passphrase (design: "Keys").
 * Wrapping is scrypt (RFC 7914) with N = 2^17, r = 8, p = 1, and NaCl secretbox.
 */
import { scryptSync } from "node:crypto";
import nacl from "tweetnacl";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { RandomBytes } from "#sync/signing/random.ts";

/** Version 1 of the wrapping; all bytes in base64. */
interface WrappedKey {
  readonly version: 1;
  readonly salt: string;
  readonly nonce: string;
  readonly box: string;
}

/** The passphrase is used in Unicode's NFC form, so that two keyboards type the same one. */
export function wrapKey(key: Ed25519Key, passphrase: string, random: RandomBytes): string {
  const salt = random(16);
  const nonce = random(24);
  const box = nacl.secretbox(key.seed, nonce, wrappingKey(passphrase, salt));
  const wrapped: WrappedKey = { version: 1, salt: encode(salt), nonce: encode(nonce), box: encode(box) };
  return JSON.stringify(wrapped);
}

/** Undefined when the passphrase is not the one that the key was wrapped with. */
export function unwrapKey(text: string, passphrase: string): Ed25519Key | undefined {
  const wrapped = JSON.parse(text) as WrappedKey;
  if (wrapped.version !== 1) throw new Error("the key is wrapped in a way that this version does not know");
  const key = wrappingKey(passphrase, decode(wrapped.salt));
  const seed = nacl.secretbox.open(decode(wrapped.box), decode(wrapped.nonce), key);
  return seed ? ed25519Key(seed) : undefined;
}

function wrappingKey(passphrase: string, salt: Uint8Array): Uint8Array {
  const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };
  return Uint8Array.from(scryptSync(passphrase.normalize("NFC"), salt, nacl.secretbox.keyLength, cost));
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}
