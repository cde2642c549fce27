/**
 * Signers: a key together with the one kind it may sign. A node's single Ed25519 key makes two of them, for operations and
 * for session assertions; their key ids differ.
 */
import { ed25519Key, quickestSigning, signWithTweetnacl } from "./ed25519.ts";
import type { Ed25519Key } from "./ed25519.ts";
import { keyIdOf, type SignedKind } from "./kinds.ts";
import type { RandomBytes } from "./random.ts";

interface SigningIdentity {
  readonly kind: SignedKind;
  readonly keyId: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Signs with a promise; what the server uses, at the platform's speed. */
export interface Signer extends SigningIdentity {
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Signs at once; what a node uses inside its SQLite transaction. */
export interface SyncSigner extends SigningIdentity {
  sign(bytes: Uint8Array): Uint8Array;
}

/** A new private key: 32 random bytes. */
export function createSeed(randomBytes: RandomBytes): Uint8Array {
  return randomBytes(32);
}

/** A signer of one kind from a 32-byte seed, on Web Crypto where the runtime has Ed25519. */
export async function createSigner(kind: SignedKind, seed: Uint8Array): Promise<Signer> {
  const key = ed25519Key(seed);
  return signerOf(kind, { publicKey: key.publicKey, sign: await quickestSigning(key) });
}

/** A signer of one kind from whatever signs with the key, wherever that is. */
export function signerOf(kind: SignedKind, { publicKey, sign }: Pick<Signer, "publicKey" | "sign">): Signer {
  return { kind, keyId: keyIdOf(kind, publicKey), publicKey, sign };
}

/** A signer of one kind from a key, or the 32-byte seed of one, on tweetnacl. Deriving the key costs a signature's time. */
export function createSyncSigner(kind: SignedKind, from: Ed25519Key | Uint8Array): SyncSigner {
  const key = from instanceof Uint8Array ? ed25519Key(from) : from;
  const { publicKey } = key;
  return { kind, keyId: keyIdOf(kind, publicKey), publicKey, sign: (bytes) => signWithTweetnacl(key, bytes) };
}

/**
 * A signer that is always the one of the key of the moment, which is made once for each key: it may be replaced between two
 * signatures.
 */
export function followKey<Key, Signed>(
  kind: SignedKind,
  key: () => Key,
  signerFor: (key: Key) => SigningIdentity & { sign(bytes: Uint8Array): Signed },
): SigningIdentity & { sign(bytes: Uint8Array): Signed } {
  let known: { readonly key: Key; readonly signer: ReturnType<typeof signerFor> } | undefined;
  const current = () => {
    const now = key();
    if (known?.key !== now) known = { key: now, signer: signerFor(now) };
    return known.signer;
  };
  return {
    kind,
    get keyId() {
      return current().keyId;
    },
    get publicKey() {
      return current().publicKey;
    },
    sign: (bytes) => current().sign(bytes),
  };
}
