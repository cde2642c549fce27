/** Writes what `sync/serial-set.ts` reads, as the server's SQL does. */

export function writeSerialSet(serials: readonly bigint[]): Uint8Array {
  const bytes: number[] = [];
  let previous = 0n;
  for (const serial of serials) {
    let step = serial - previous;
    previous = serial;
    for (; step > 127n; step >>= 7n) bytes.push(Number(step & 127n) | 128);
    bytes.push(Number(step));
  }
  return Uint8Array.from(bytes);
}
