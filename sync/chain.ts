/**
 * Where an operation stands in its node's chain (design: "Forks and clones"). Sequence numbers have no gaps, and each
 * operation holds the hash of the one before; the first holds the hash of the enrolment certificate.
 */
import { equalBytes } from "./signing/bytes.ts";

export interface ChainHead {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

export interface ChainLink {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly previousHash: Uint8Array;
}

export type ChainPlace =
  /** The next operation. */
  | "next"
  /** Stored before, byte for byte. */
  | "duplicate"
  /** A second operation with a sequence number already taken, or one that follows another history. */
  | "fork"
  /** Something before it is missing. */
  | "gap";

/** `stored` is the operation that already has the link's sequence number, if there is one. */
export function placeInChain(
  head: ChainHead,
  link: ChainLink,
  stored: { readonly hash: Uint8Array } | undefined,
): ChainPlace {
  if (link.sequence > head.sequence + 1) return "gap";
  if (link.sequence === head.sequence + 1) return equalBytes(link.previousHash, head.hash) ? "next" : "fork";
  return stored && equalBytes(stored.hash, link.hash) ? "duplicate" : "fork";
}
