/**
 * Signers of the till by the platform, some fifty times quicker than JavaScript and without a promise, since a till signs
 * inside its SQLite transaction. Ed25519 leaves nothing to chance (RFC 8032), so the bytes are tweetnacl's; where the
 * platform does not give them, tweetnacl signs.
 */
import { createPrivateKey, sign as signByPlatform } from "node:crypto";
import { hexToBytes } from "@noble/hashes/utils.js";
import { equalBytes } from "#sync/signing/bytes.ts";
import { pkcs8Of, signWithTweetnacl } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { keyIdOf } from "#sync/signing/kinds.ts";
import type { SignedKind } from "#sync/signing/kinds.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";

/** The same signatures as those of `createSyncSigner`. */
export function createNativeSigner(kind: SignedKind, key: Ed25519Key): SyncSigner {
  const { publicKey } = key;
  const sign = canSign() ? nativeSigning(key.seed) : (message: Uint8Array) => signWithTweetnacl(key, message);
  return { kind, keyId: keyIdOf(kind, publicKey), publicKey, sign };
}

/** The platform's own copy of the key is forgotten, and overwritten, with the function that signs. */
function nativeSigning(seed: Uint8Array): (message: Uint8Array) => Uint8Array {
  const pkcs8 = pkcs8Of(seed);
  const key = createPrivateKey({ key: Buffer.from(pkcs8.buffer), format: "der", type: "pkcs8" });
  pkcs8.fill(0);
  return (message) => Uint8Array.from(signByPlatform(null, message, key));
}

let detected: boolean | undefined;

/** Asked of the platform once. */
function canSign(): boolean {
  detected ??= givesKnownSignature();
  return detected;
}

/** Some platforms have no Ed25519, or are told to have none. */
function givesKnownSignature(): boolean {
  try {
    return equalBytes(nativeSigning(hexToBytes(known.seed))(new Uint8Array()), hexToBytes(known.signature));
  } catch {
    return false;
  }
}

/** RFC 8032 section 7.1, test 1: of no bytes. */
const known = {
  seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  signature:
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
} as const;
