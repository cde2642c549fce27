/**
 * Serials as the `denied` shape carries them: the steps from one to the next, upwards from 0, each in groups of 7 bits,
 * lowest first (LEB128). `encode_serials` in migrations/server/0130-limits.sql writes the same.
 */

/** The serials in ascending order; undefined for bytes that are no such set. */
export function readSerialSet(bytes: Uint8Array): bigint[] | undefined {
  const serials: bigint[] = [];
  let serial = 0n;
  let step = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    step |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte & 0x80) {
      if (shift > 56n) return undefined;
      continue;
    }
    if (step === 0n) return undefined;
    serial += step;
    serials.push(serial);
    step = 0n;
    shift = 0n;
  }
  const last = serials.at(-1) ?? 0n;
  return shift === 0n && last <= 9_007_199_254_740_991n ? serials : undefined;
}
