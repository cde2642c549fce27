/**
 * Reads the whole audit trail and finds where it is not what it was: an entry that was changed, removed, added between or put
 * elsewhere, a place that is missing, an end that was cut off (design section 6).
 */
import { equalBytes } from "#sync/signing/bytes.ts";
import type { AuditReader } from "../postgres/audit-chain.ts";
import { emptyChain, follow } from "./chain.ts";
import type { ChainHead } from "./chain.ts";

export type AuditBreak =
  /** The entry, or which entry it is, does not fit the hash. */
  | { readonly code: "changed"; readonly position: bigint; readonly entryId: bigint }
  | { readonly code: "entry-removed"; readonly position: bigint; readonly entryId: bigint }
  | { readonly code: "places-missing"; readonly from: bigint; readonly until: bigint }
  /** It is no part of the chain, and does not wait to become one. */
  | { readonly code: "unplaced"; readonly entryId: bigint }
  /** The trail had come as far as this head, and has not any more. */
  | { readonly code: "cut-off"; readonly head: ChainHead }
  /** At that place was another hash. */
  | { readonly code: "other-history"; readonly head: ChainHead };

export interface AuditReport {
  readonly head: ChainHead;
  /** When the entry at the head was written; null where none was read. */
  readonly lastAt: Date | null;
  /** False where there is more to read, from `head` on; what is told of the end is told with the last part only. */
  readonly isWhole: boolean;
  readonly unsealed: { readonly count: number; readonly oldestAt: Date | null };
  readonly breaks: readonly AuditBreak[];
  /** True where there are more breaks than are told. */
  readonly isCut: boolean;
}

const entriesAtATime = 5_000;
const mostBreaks = 100;

export interface Verifying {
  /** Hears how far it is. */
  readonly onRead?: (entries: bigint) => void;
  /** Where an earlier part has come to. */
  readonly from?: ChainHead;
  /** How many entries this part reads, rounded up to what is read at a time; all if undefined. */
  readonly most?: number;
}

/** `heads` are known from elsewhere: a verdict list, the key folder, a sheet of paper. */
export async function verifyAudit(
  reader: AuditReader,
  heads: readonly ChainHead[],
  { onRead, from = emptyChain, most = Number.POSITIVE_INFINITY }: Verifying = {},
): Promise<AuditReport> {
  const breaks: AuditBreak[] = [];
  const awaited = new Map(heads.map((head) => [head.position, head]));
  let head = from;
  let lastAt: Date | null = null;
  let isWhole = true;
  for (let read = 0; ;) {
    const page = await reader.sealedAfter(head.position, entriesAtATime);
    for (const { position, entryId, hash, entry } of page) {
      if (position !== head.position + 1n)
        breaks.push({ code: "places-missing", from: head.position + 1n, until: position - 1n });
      if (!entry) breaks.push({ code: "entry-removed", position, entryId });
      // Where a place is missing there is nothing that this hash could be compared with.
      else if (position === head.position + 1n && !equalBytes(follow(head, entry).hash, hash))
        breaks.push({ code: "changed", position, entryId });
      const seen = awaited.get(position);
      if (seen && !equalBytes(seen.hash, hash)) breaks.push({ code: "other-history", head: seen });
      head = { position, hash };
      if (entry) lastAt = new Date(Number(entry.atUs) / 1000);
    }
    read += page.length;
    if (page.length < entriesAtATime || breaks.length > mostBreaks) break;
    onRead?.(head.position);
    isWhole = read < most;
    if (!isWhole) break;
  }
  if (!isWhole)
    return { head, lastAt, isWhole, unsealed: { count: 0, oldestAt: null }, breaks, isCut: false };
  for (const entryId of await reader.unplaced(mostBreaks)) breaks.push({ code: "unplaced", entryId });
  for (const seen of heads) if (seen.position > head.position) breaks.push({ code: "cut-off", head: seen });
  return {
    head,
    lastAt,
    isWhole,
    unsealed: await reader.unsealed(),
    breaks: breaks.slice(0, mostBreaks),
    isCut: breaks.length > mostBreaks,
  };
}
