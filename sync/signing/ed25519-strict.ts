/**
 * The checks that every Ed25519 signature passes before any library sees it (RFC 8032 section 5.1.7; "Taming the
 * many EdDSAs", SSR 2020). Libraries differ on malleable and degenerate input; after these checks they agree.
 */

/**
 * - `wrong-length`: the key is not 32 bytes, or the signature not 64.
 * - `non-canonical-scalar`: S is not below the group order L, so S + L would be a second valid signature.
 * - `non-canonical-point`: A or R has y not below p, or the sign bit set where x is zero.
 * - `small-order-point`: A or R lies in the torsion subgroup; such a key has signatures that anyone can make.
 */
export type StrictRefusal =
  | "wrong-length"
  | "non-canonical-scalar"
  | "non-canonical-point"
  | "small-order-point";

/** Why this key and signature are refused without looking at the message, or undefined when they may be tried. */
export function strictRefusal(publicKey: Uint8Array, signature: Uint8Array): StrictRefusal | undefined {
  if (publicKey.length !== 32 || signature.length !== 64) return "wrong-length";
  if (littleEndian(signature.subarray(32)) >= groupOrder) return "non-canonical-scalar";
  return pointRefusal(publicKey) ?? pointRefusal(signature.subarray(0, 32));
}

/** Why 32 bytes are refused as a public key. Undefined does not promise that they lie on the curve. */
export function publicKeyRefusal(publicKey: Uint8Array): StrictRefusal | undefined {
  return publicKey.length === 32 ? pointRefusal(publicKey) : "wrong-length";
}

function pointRefusal(point: Uint8Array): StrictRefusal | undefined {
  const encoded = littleEndian(point);
  const sign = encoded >> 255n;
  const y = encoded & ((1n << 255n) - 1n);
  if (y >= fieldPrime) return "non-canonical-point";
  // x is zero exactly where y is 1 or -1, and zero has no negative.
  if (sign === 1n && (y === 1n || y === fieldPrime - 1n)) return "non-canonical-point";
  return smallOrderY.has(y) ? "small-order-point" : undefined;
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
  for (let offset = 24; offset >= 0; offset -= 8) value = (value << 64n) | view.getBigUint64(offset, true);
  return value;
}

const fieldPrime = (1n << 255n) - 19n;
const groupOrder = (1n << 252n) + 27742317777372353535851937790883648493n;

const orderEightY = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

// The y coordinates of the eight points whose order divides 8: the identity, one of order 2, two of order 4, four of 8.
const smallOrderY = new Set([1n, fieldPrime - 1n, 0n, orderEightY, fieldPrime - orderEightY]);
