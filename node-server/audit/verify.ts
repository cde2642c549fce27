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
  readonly unsealed: { readonly count: number; readonly oldestAt: Date | null };
  readonly breaks: readonly AuditBreak[];
  /** True where there are more breaks than are told. */
  readonly isCut: boolean;
}

const entriesAtATime = 5_000;
const mostBreaks = 100;

/** `heads` are known from elsewhere: a verdict list, the key folder, a sheet of paper. `onRead` hears how far it is. */
export async function verifyAudit(
  reader: AuditReader,
  heads: readonly ChainHead[],
  onRead?: (entries: bigint) => void,
): Promise<AuditReport> {
  const breaks: AuditBreak[] = [];
  const awaited = new Map(heads.map((head) => [head.position, head]));
  let head = emptyChain;
  for (;;) {
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
    }
    if (page.length < entriesAtATime || breaks.length > mostBreaks) break;
    onRead?.(head.position);
  }
  for (const entryId of await reader.unplaced(mostBreaks)) breaks.push({ code: "unplaced", entryId });
  for (const seen of heads) if (seen.position > head.position) breaks.push({ code: "cut-off", head: seen });
  return {
    head,
    unsealed: await reader.unsealed(),
    breaks: breaks.slice(0, mostBreaks),
    isCut: breaks.length > mostBreaks,
  };
}
