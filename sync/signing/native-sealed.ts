/**
 * Opens sealed boxes as sealed.ts does, with the answer of the same bytes, but takes the X25519 from the platform's Web
 * Crypto: some ten times quicker than JavaScript, and not on the thread that waits. What the platform cannot or will
 * not do (no X25519, a key of small order) is left to sealed.ts, so that both agree on every input.
 */
import nacl from "tweetnacl";
import { ownBytes } from "./bytes.ts";
import { nonceOf, openSealed, sealedOverhead } from "./sealed.ts";
import type { BoxKeyPair } from "./sealed.ts";

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
    const secretKey = await importedKey(recipient);
    const sender = await crypto.subtle.importKey("raw", publicKey, "X25519", false, []);
    const secret = await crypto.subtle.deriveBits({ name: "X25519", public: sender }, secretKey, 256);
    return hsalsa20(new Uint8Array(secret));
  } catch {
    return undefined;
  }
}

/** The same key opens all that comes, and importing it costs as much as opening one box. */
const imported = new WeakMap<BoxKeyPair, Promise<CryptoKey>>();

function importedKey(recipient: BoxKeyPair): Promise<CryptoKey> {
  const known = imported.get(recipient);
  if (known) return known;
  const pkcs8 = new Uint8Array([...pkcs8Prefix, ...recipient.secretKey]);
  const key = crypto.subtle.importKey("pkcs8", pkcs8, "X25519", false, ["deriveBits"]);
  imported.set(recipient, key);
  return key;
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

const sigma = new TextEncoder().encode("expand 32-byte k");

// RFC 8410: PrivateKeyInfo of an X25519 secret key, up to the key itself.
const pkcs8Prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
