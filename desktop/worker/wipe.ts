/**
 * Ends a till: its key, its queue and whatever it was told are removed from its folder, and a line stays that says so.
 * Refused while something would be lost with it (design section 3).
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeNewFile } from "./flush.ts";
import type { NodeStores } from "./open.ts";
import { unsynced } from "./unsynced.ts";
import type { Unsynced } from "./unsynced.ts";
import { writtenOff } from "./write-off.ts";

export type WipeOutcome =
  | { readonly ok: true; readonly record: string }
  | { readonly ok: false; readonly refusal: { readonly code: "unsynced"; readonly unsynced: Unsynced } };

/** Closes the stores of an enrolled till and removes them. What was written off stays on record, in a file beside them. */
export function wipe(directory: string, stores: NodeStores, nowMs: number): WipeOutcome {
  const { database } = stores;
  const rest = unsynced(database);
  if (rest) return { ok: false, refusal: { code: "unsynced", unsynced: rest } };
  const certificate = stores.node.identity()?.certificate;
  if (!certificate) throw new Error("a folder that holds no till is not wiped");
  const { nodeId, merchantId } = certificate;
  const { sequence, hash } = stores.queue.head();
  const record = join(directory, `wiped-${nodeId}.json`);
  const said = {
    nodeId,
    merchantId,
    lastSequence: sequence,
    lastHash: Buffer.from(hash).toString("hex"),
    wipedAt: new Date(nowMs).toISOString(),
    writtenOff: writtenOff(database),
  };
  const headFile = stores.headFile();
  // It may be there from a wipe that a power cut has ended.
  writeNewFile(record, Buffer.from(`${JSON.stringify(said, null, 2)}\n`));
  database.close();
  for (const name of ["node.db", "node.db-wal", "node.db-shm"])
    rmSync(join(directory, name), { force: true });
  for (const path of [headFile, `${headFile}.next`]) rmSync(path, { force: true });
  return { ok: true, record };
}
