/**
 * Ed25519 (RFC 8032), cofactorless and strict: `[S]B = R + [h]A` on canonical encodings, one signature at a time.
 * The platform's Web Crypto does the arithmetic where it can (some sixty times quicker), tweetnacl elsewhere; both
 * give the same answer, since the strict checks come first.
 */
import nacl from "tweetnacl";
import { ownBytes } from "./bytes.ts";
import { strictRefusal } from "./ed25519-strict.ts";

export interface Ed25519Key {
  /** 32 bytes: the private key of RFC 8032, from which everything else follows. */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** True only for a valid signature that also passes the strict checks. Never throws for bad input. */
export async function verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  // Copied before the first await, so that nothing changes between the checks and the verification.
  const [key, content, signed] = [ownBytes(publicKey), ownBytes(message), ownBytes(signature)];
  return (await hasWebCryptoEd25519())
    ? verifyWithWebCrypto(key, content, signed)
    : verifyWithTweetnacl(key, content, signed);
}

/** `verify` by Web Crypto. Throws where the runtime has no Ed25519. */
export async function verifyWithWebCrypto(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (strictRefusal(publicKey, signature) !== undefined) return false;
  const [ownMessage, ownSignature] = [ownBytes(message), ownBytes(signature)];
  const key = await importedKey(ownBytes(publicKey));
  if (key) return crypto.subtle.verify("Ed25519", key, ownSignature, ownMessage);
  // Some runtimes refuse bytes that are no point of the curve, which no signature fits.
  if (await hasWebCryptoEd25519()) return false;
  throw new Error("this runtime's Web Crypto has no Ed25519");
}

/** Importing costs about as much as verifying, and the same few keys sign most of what comes. */
const imported = new Map<string, Promise<CryptoKey | undefined>>();
const mostImported = 1000;

function importedKey(publicKey: Uint8Array<ArrayBuffer>): Promise<CryptoKey | undefined> {
  const name = publicKey.join();
  const known = imported.get(name);
  if (known) return known;
  const [oldest] = imported.keys();
  if (oldest !== undefined && imported.size >= mostImported) imported.delete(oldest);
  const key = crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]).catch(() => undefined);
  imported.set(name, key);
  return key;
}

/** `verify` by tweetnacl, in pure JavaScript. */
export function verifyWithTweetnacl(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (strictRefusal(publicKey, signature) !== undefined) return false;
  return nacl.sign.detached.verify(message, signature, publicKey);
}

/** The key that a 32-byte seed stands for. */
export function ed25519Key(seed: Uint8Array): Ed25519Key {
  const pair = nacl.sign.keyPair.fromSeed(seed);
  return { seed: Uint8Array.from(seed), publicKey: pair.publicKey };
}

/** Signs at once, without a promise. */
export function signWithTweetnacl(key: Ed25519Key, message: Uint8Array): Uint8Array {
  // tweetnacl's secret key is the seed followed by the public key.
  const secretKey = new Uint8Array(64);
  secretKey.set(key.seed);
  secretKey.set(key.publicKey, 32);
  return nacl.sign.detached(message, secretKey);
}

/** A signing function on the platform's Web Crypto where it has Ed25519, else on tweetnacl. */
export async function quickestSigning(
  key: Ed25519Key,
): Promise<(message: Uint8Array) => Promise<Uint8Array>> {
  if (!(await hasWebCryptoEd25519())) return async (message) => signWithTweetnacl(key, message);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8Of(key.seed), "Ed25519", false, ["sign"]);
  return async (message) =>
    new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, ownBytes(message)));
}

/** A seed as platforms import private keys. */
export function pkcs8Of(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pkcs8Prefix.length + seed.length);
  bytes.set(pkcs8Prefix);
  bytes.set(seed, pkcs8Prefix.length);
  return bytes;
}

/** Whether this runtime's Web Crypto knows Ed25519. Asked of the runtime once. */
export function hasWebCryptoEd25519(): Promise<boolean> {
  detected ??= detectWebCryptoEd25519();
  return detected;
}

let detected: Promise<boolean> | undefined;

/** A browser page without TLS has no `crypto.subtle` at all; an older one has it without Ed25519. */
async function detectWebCryptoEd25519(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return true;
  } catch {
    return false;
  }
}

// RFC 8410: PrivateKeyInfo of an Ed25519 seed, up to the seed itself.
const pkcs8Prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
