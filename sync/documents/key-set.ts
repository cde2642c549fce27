/**
 * Key sets: which public keys the server signs with, for which kind. A node gets the first at its enrolment and
 * accepts every later one only from a key that it already trusts (design section 3).
 */
import { equalBytes } from "../signing/bytes.ts";
import { keyIdOf, parseDocument, serverKinds, type ServerKind, type SignedKind } from "../signing/cose.ts";
import { isUsableBoxKey } from "../signing/sealed.ts";
import { decodeDocument, encodeDocument, listOf, mapOf, rowOf, where, type Decoded } from "./codec.ts";
import { bytes, oneOf, signingKey, smallCount, timeMs } from "./fields.ts";
import { openAs, type Opened } from "./open.ts";

export interface TrustedKey {
  readonly kind: ServerKind;
  readonly publicKey: Uint8Array;
}

export interface KeySet {
  /** Grows with every set. */
  readonly version: number;
  readonly issuedAtMs: number;
  /** Keys in use and keys whose signatures are still to be believed; at least one of kind `key-set`. */
  readonly keys: readonly TrustedKey[];
  /** X25519: what secrets for the server are sealed with. */
  readonly serverBoxKey: Uint8Array;
}

export interface TrustedKeys {
  findKey(kind: SignedKind, keyId: Uint8Array): Uint8Array | undefined;
}

export type AcceptedKeySet =
  | Opened<KeySet>
  | { readonly ok: false; readonly refusal: { readonly code: "old-version"; readonly version: number } };

/** The payload of a key set. Throws when a field is out of its range. */
export function encodeKeySet(keySet: KeySet): Uint8Array {
  return encodeDocument(codec, keySet);
}

/** Reads the payload of a key set, or says what is wrong with it. */
export function decodeKeySet(payload: Uint8Array): Decoded<KeySet> {
  return decodeDocument(codec, payload);
}

/** Looks keys up by kind and key id. The ids are worked out once for a set, which opens thousands of documents. */
export function trustedKeys(keySet: KeySet): TrustedKeys {
  const known = trustedKeysOf.get(keySet);
  if (known) return known;
  const named = keySet.keys.map((key) => ({ ...key, keyId: keyIdOf(key.kind, key.publicKey) }));
  const trusted: TrustedKeys = {
    findKey: (kind, keyId) =>
      named.find((key) => key.kind === kind && equalBytes(key.keyId, keyId))?.publicKey,
  };
  trustedKeysOf.set(keySet, trusted);
  return trusted;
}

const trustedKeysOf = new WeakMap<KeySet, TrustedKeys>();

/** Accepts a key set that a key of the current one signed and whose version is greater. */
export async function acceptKeySet(current: KeySet, signed: Uint8Array): Promise<AcceptedKeySet> {
  const trusted = trustedKeys(current);
  const opened = await openAs("key-set", decodeKeySet, signed, (keyId) => trusted.findKey("key-set", keyId));
  if (!opened.ok || opened.value.version > current.version) return opened;
  return { ok: false, refusal: { code: "old-version", version: opened.value.version } };
}

/**
 * Reads a key set signed by one of its own keys. This proves nothing about where it came from: use it only for the
 * set received over an enrolment's own channel, and for one that was accepted before and is read back from storage.
 */
export async function openSelfSignedKeySet(signed: Uint8Array): Promise<Opened<KeySet>> {
  const parsed = parseDocument(signed);
  if (!parsed.ok) return parsed;
  const decoded = decodeKeySet(parsed.payload);
  if (!decoded.ok) return decoded;
  const trusted = trustedKeys(decoded.value);
  return openAs("key-set", decodeKeySet, signed, (keyId) => trusted.findKey("key-set", keyId));
}

const codec = where(
  mapOf<KeySet>({
    version: [1, smallCount],
    issuedAtMs: [2, timeMs],
    keys: [3, listOf(rowOf<TrustedKey>({ kind: oneOf(...serverKinds), publicKey: signingKey }), 64)],
    serverBoxKey: [4, bytes(32)],
  }),
  ({ keys, serverBoxKey }) => {
    if (!keys.some(({ kind }) => kind === "key-set")) return "keys";
    return isUsableBoxKey(serverBoxKey) ? undefined : "serverBoxKey";
  },
);
