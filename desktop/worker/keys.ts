/**
 * The node's signing key: made here, never leaves, and on the disk only wrapped (design: "Keys"): by a passphrase, by the
 * machine's key store, or by both, so that a lost store does not lose the key. A passphrase wraps with scrypt (RFC 7914)
 * at N = 2^17, r = 8, p = 1, and NaCl secretbox.
 */
import { scryptSync } from "node:crypto";
import nacl from "tweetnacl";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { KeyStore } from "../thread-line.ts";

export const shortestPassphrase = 8;

/** Version 1 of the wrapping; all bytes in base64. */
interface ByPassphrase {
  readonly version: 1;
  readonly salt: string;
  readonly nonce: string;
  readonly box: string;
}

/** Version 2: what the key store made of the seed, and perhaps version 1 beside it. */
interface ByStore {
  readonly version: 2;
  readonly store: string;
  readonly passphrase: ByPassphrase | null;
}

export interface Wrapping {
  /** Used in Unicode's NFC form, so that two keyboards type the same one. */
  readonly passphrase: string | null;
  readonly keyStore: KeyStore | undefined;
}

/** Throws where neither is given, and whatever the store throws. */
export async function wrapKey(
  key: Ed25519Key,
  { passphrase, keyStore }: Wrapping,
  random: RandomBytes,
): Promise<string> {
  const byPassphrase = passphrase === null ? null : wrapByPassphrase(key, passphrase, random);
  if (!keyStore) {
    if (!byPassphrase) throw new Error("a key is wrapped by something");
    return JSON.stringify(byPassphrase);
  }
  const store = encode(await keyStore.wrap(key.seed));
  return JSON.stringify({ version: 2, store, passphrase: byPassphrase } satisfies ByStore);
}

/** The same key, opened by this passphrase too; undefined where no key store has it, but a passphrase alone. */
export function addPassphrase(
  text: string,
  key: Ed25519Key,
  passphrase: string,
  random: RandomBytes,
): string | undefined {
  const wrapped = parse(text);
  if (wrapped.version !== 2) return undefined;
  const { store } = wrapped;
  return JSON.stringify({
    version: 2,
    store,
    passphrase: wrapByPassphrase(key, passphrase, random),
  } satisfies ByStore);
}

/** Undefined when the passphrase is not the one that the key was wrapped with, or there was none. */
export function unwrapKey(text: string, passphrase: string): Ed25519Key | undefined {
  const wrapped = parse(text);
  const own = wrapped.version === 2 ? wrapped.passphrase : wrapped;
  if (!own) return undefined;
  const seed = nacl.secretbox.open(
    decode(own.box),
    decode(own.nonce),
    wrappingKey(passphrase, decode(own.salt)),
  );
  return seed ? ed25519Key(seed) : undefined;
}

/** A wrapping that this version does not know is opened by none that it knows. */
export function hasPassphrase(text: string): boolean {
  const wrapped = JSON.parse(text) as Partial<ByPassphrase> | Partial<ByStore>;
  if (wrapped.version === 2) return wrapped.passphrase !== null;
  return wrapped.version === 1;
}

/** Whether a key store has it, with or without a passphrase beside. */
export function isByStore(text: string): boolean {
  return (JSON.parse(text) as Partial<ByPassphrase> | Partial<ByStore>).version === 2;
}

/** The same key as the store wraps it now; undefined where there is nothing to be done. */
export async function renewByStore(text: string, keyStore: KeyStore): Promise<string | undefined> {
  const wrapped = parse(text);
  if (wrapped.version !== 2) return undefined;
  const store = encode(await keyStore.renew(decode(wrapped.store)));
  return store === wrapped.store ? undefined : JSON.stringify({ ...wrapped, store } satisfies ByStore);
}

/** Undefined where it was not wrapped by a key store, or the store cannot turn it back. */
export async function unwrapByStore(text: string, keyStore: KeyStore): Promise<Ed25519Key | undefined> {
  const wrapped = parse(text);
  if (wrapped.version !== 2) return undefined;
  const seed = await keyStore.unwrap(decode(wrapped.store)).catch(() => undefined);
  return seed?.length === nacl.sign.seedLength ? ed25519Key(Uint8Array.from(seed)) : undefined;
}

function parse(text: string): ByPassphrase | ByStore {
  const wrapped = JSON.parse(text) as ByPassphrase | ByStore;
  if (![1, 2].includes(wrapped.version)) {
    throw new Error("the key is wrapped in a way that this version does not know");
  }
  return wrapped;
}

function wrapByPassphrase(key: Ed25519Key, passphrase: string, random: RandomBytes): ByPassphrase {
  const salt = random(16);
  const nonce = random(24);
  const box = nacl.secretbox(key.seed, nonce, wrappingKey(passphrase, salt));
  return { version: 1, salt: encode(salt), nonce: encode(nonce), box: encode(box) };
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
