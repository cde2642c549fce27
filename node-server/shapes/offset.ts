/**
 * Offsets of Electric's protocol in terms of the log's positions. Electric writes `<lsn>_<place in the transaction>`, and
 * places go up by two; here the lsn is the position of the transaction's first entry, so that an offset and
 * a position can be worked out from each other. An lsn of 0 stands for the snapshot: `0_0` follows its first answer, `0_1`
 * the second, and `0_inf` all of it.
 */

export const snapshotEnd = "0_inf";

export interface LogPlace {
  readonly position: bigint;
  /** Position of the first entry of the run of entries that the same transaction wrote. */
  readonly run: bigint;
}

export type ParsedOffset =
  | "before-all"
  | "now"
  | "snapshot-end"
  /** The last answer of the snapshot that was read, counted from 0. */
  | { readonly chunk: number }
  | { readonly position: bigint };

/** Gives undefined for a text that is no offset. */
export function parseOffset(text: string): ParsedOffset | undefined {
  if (text === "-1") return "before-all";
  if (text === "now") return "now";
  const match = /^(\d{1,20})_(\d{1,20}|inf)$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const lsn = BigInt(match[1]);
  if (lsn === 0n) return match[2] === "inf" ? "snapshot-end" : chunkOf(match[2]);
  // Only a snapshot has an end that is not an entry.
  if (match[2] === "inf") return undefined;
  return { position: lsn + BigInt(match[2]) / 2n };
}

export function offsetOf(place: LogPlace): string {
  return `${place.run}_${placeInRun(place)}`;
}

export function chunkOffset(chunk: number): string {
  return `0_${chunk}`;
}

export function placeInRun({ position, run }: LogPlace): number {
  return Number(position - run) * 2;
}

/** No snapshot has more answers than a 32-bit integer counts. */
function chunkOf(digits: string): ParsedOffset {
  return { chunk: Math.min(Number(digits), 2 ** 31 - 2) };
}
