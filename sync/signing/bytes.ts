/** Byte helpers that more than one signed format needs. */

/** True when both hold the same bytes. Takes the same time wherever they differ, since verifiers are secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

/** An unsigned integer as 8 big-endian bytes. Throws when it does not fit. */
export function uint64Bytes(value: bigint): Uint8Array {
  if (value < 0n || value >= beyondUint64) throw new Error("not an unsigned 64-bit integer");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

const beyondUint64 = 1n << 64n;

/** Bytes that no one else can change or share, as Web Crypto wants them. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
