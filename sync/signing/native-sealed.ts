/**
 * Seals and opens boxes as sealed.ts does, to the same bytes, but takes the X25519 from the platform's Web Crypto: some
 * ten times quicker than JavaScript, and not on the thread that waits. What the platform cannot or will not do (no X25519,
 * a key of small order) is left to sealed.ts, so that both agree on every input.
 */
import { concatBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { ownBytes } from "./bytes.ts";
import type { RandomBytes } from "./random.ts";
import { nonceOf, openSealed, seal, sealedOverhead } from "./sealed.ts";
import type { BoxKeyPair } from "./sealed.ts";

/** Seals for a recipient; the same random bytes give the same box as `seal`. */
export async function sealNatively(
  recipientPublicKey: Uint8Array,
  plaintext: Uint8Array,
  randomBytes: RandomBytes,
): Promise<Uint8Array> {
  // Copied before the first await, so that nothing changes between the key and the box.
  const [recipient, content] = [ownBytes(recipientPublicKey), ownBytes(plaintext)];
  const ephemeral = randomBytes(32);
  const sender = await senderOf(ephemeral, recipient);
  if (!sender) return seal(recipient, content, () => ephemeral);
  const nonce = nonceOf(sender.publicKey, recipient);
  return concatBytes(sender.publicKey, nacl.box.after(content, nonce, sender.key));
}

/** The public key of a secret one, and the key of its boxes for a recipient. Undefined where the platform gives none. */
async function senderOf(
  secretKey: Uint8Array,
  recipient: Uint8Array<ArrayBuffer>,
): Promise<{ readonly publicKey: Uint8Array; readonly key: Uint8Array } | undefined> {
  try {
    const own = await importSecretKey(secretKey);
    const [publicKey, secret] = await Promise.all([multiply(own, basePoint), multiply(own, recipient)]);
    return { publicKey, key: hsalsa20(secret) };
  } catch {
    return undefined;
  }
}

/** Opens what was sealed for this key pair; undefined when it was not, or was changed. */
export async function openSealedNatively(
  recipient: BoxKeyPair,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (sealed.length < sealedOverhead) return undefined;
  // Copied before the first await, so that nothing changes between the key and the box.
  const own = ownBytes(sealed);
  const ephemeralPublicKey = own.subarray(0, 32);
  const key = await boxKeyOf(recipient, ephemeralPublicKey);
  if (!key) return openSealed(recipient, own);
  const nonce = nonceOf(ephemeralPublicKey, recipient.publicKey);
  return nacl.box.open.after(own.subarray(32), nonce, key) ?? undefined;
}

/** What `nacl.box.before` gives: HSalsa20 of the X25519 secret. Undefined where the platform gives none. */
async function boxKeyOf(
  recipient: BoxKeyPair,
  publicKey: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | undefined> {
  try {
    return hsalsa20(await multiply(await importedKey(recipient), publicKey));
  } catch {
    return undefined;
  }
}

/** The same key opens all that comes, and importing it costs as much as opening one box. */
const imported = new WeakMap<BoxKeyPair, Promise<CryptoKey>>();

function importedKey(recipient: BoxKeyPair): Promise<CryptoKey> {
  const known = imported.get(recipient);
  if (known) return known;
  const key = importSecretKey(recipient.secretKey);
  imported.set(recipient, key);
  return key;
}

function importSecretKey(secretKey: Uint8Array): Promise<CryptoKey> {
  const pkcs8 = new Uint8Array([...pkcs8Prefix, ...secretKey]);
  return crypto.subtle.importKey("pkcs8", pkcs8, "X25519", false, ["deriveBits"]);
}

/** X25519 of a secret key and a point (RFC 7748 section 5). */
async function multiply(secretKey: CryptoKey, point: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", point, "X25519", false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: imported }, secretKey, 256));
}

function hsalsa20(secret: Uint8Array): Uint8Array {
  const key = new Uint8Array(32);
  lowlevel.crypto_core_hsalsa20(key, new Uint8Array(16), secret, sigma);
  return key;
}

/** tweetnacl has this beside its interface, and so without a type. */
const { lowlevel } = nacl as unknown as {
  readonly lowlevel: {
    crypto_core_hsalsa20(out: Uint8Array, input: Uint8Array, key: Uint8Array, constant: Uint8Array): void;
  };
};

const basePoint = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 9 : 0));

const sigma = new TextEncoder().encode("expand 32-byte k");

// RFC 8410: PrivateKeyInfo of an X25519 secret key, up to the key itself.
const pkcs8Prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
