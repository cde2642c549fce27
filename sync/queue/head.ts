/**
 * Compares the two records of the last operation, the database's and the file's, before anything is signed.
 *
 * Q1  A file that is one behind is the trace of a crash between the two writes: it is brought up to date. So is one
 *     that was never written, before the first operation.
 * Q2  Whatever else differs means that operations were lost: the node stops, since a sequence number used twice would
 *     look like a forgery.
 * Q3  Nothing leaves the node before the file knows it: a database that comes back from a copy would not be noticed to
 *     have lost what the server has.
 */
import type { ChainHead } from "../chain.ts";
import { equalBytes } from "../signing/bytes.ts";

export type HeadRecord =
  | {
      readonly kind: "present";
      readonly nodeId: string;
      readonly head: ChainHead;
      /** False when what was written after it did not get to its end. */
      readonly isWhole: boolean;
    }
  | { readonly kind: "missing" }
  | { readonly kind: "damaged" };

export type HeadStop =
  | "head-file-missing"
  | "head-file-damaged"
  | "head-file-of-another-node"
  | "database-behind-head-file"
  | "head-file-behind-database"
  | "head-hashes-differ";

export type HeadCheck =
  | { readonly verdict: "agree" }
  | { readonly verdict: "repair" }
  | { readonly verdict: "stop"; readonly code: HeadStop };

/**
 * `hashAt` gives the database's hash of the operation with that number, and the certificate's hash for zero; `wasKept` says
 * whether the file was ever written, as the database knows it.
 */
export function checkHead(
  nodeId: string,
  { wasKept, ...database }: ChainHead & { readonly wasKept: boolean },
  record: HeadRecord,
  hashAt: (sequence: number) => Uint8Array | undefined,
): HeadCheck {
  if (record.kind === "missing")
    return database.sequence === 0 && !wasKept ? { verdict: "repair" } : stop("head-file-missing");
  if (record.kind === "damaged") return stop("head-file-damaged");
  if (record.nodeId !== nodeId) return stop("head-file-of-another-node");
  const { head } = record;
  if (head.sequence > database.sequence) return stop("database-behind-head-file");
  const known = hashAt(head.sequence);
  if (!known || !equalBytes(known, head.hash)) return stop("head-hashes-differ");
  // The record that cannot be read was of an operation more, which the database had before the file.
  if (head.sequence === database.sequence)
    return record.isWhole ? { verdict: "agree" } : stop("head-file-damaged");
  if (head.sequence === database.sequence - 1) return { verdict: "repair" };
  return stop("head-file-behind-database");
}

function stop(code: HeadStop): HeadCheck {
  return { verdict: "stop", code };
}
