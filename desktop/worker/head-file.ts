/**
 * The second place that knows the last operation: a small file outside the database, best on another disk. SQLite drops
 * a damaged end of its log silently; this file is what notices (design: "The queue").
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { ChainHead } from "#sync/chain.ts";
import type { HeadRecord } from "#sync/queue/head.ts";
import { flushFolder } from "./flush.ts";

export type HeadFileStep = "head-written" | "head-flushed" | "head-renamed" | "head-folder-flushed";

/** Reads what the file says; a file that is there but cannot be understood is `damaged`. */
export function readHeadFile(path: string): HeadRecord {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return { kind: "missing" };
    throw error;
  }
  const match = /^paypost-head 1 ([0-9a-f-]{36}) (0|[1-9][0-9]{0,15}) ([0-9a-f]{64})\n$/.exec(text);
  const [, nodeId, sequence, hash] = match ?? [];
  if (nodeId === undefined || sequence === undefined || hash === undefined) return { kind: "damaged" };
  return {
    kind: "present",
    nodeId,
    head: { sequence: Number(sequence), hash: Uint8Array.from(Buffer.from(hash, "hex")) },
  };
}

/**
 * Replaces the file: the new content is on the disk under another name before the old one goes, so that a power cut
 * leaves either. Returns only when file and folder are flushed.
 */
export function writeHeadFile(
  path: string,
  nodeId: string,
  head: ChainHead,
  onStep: (step: HeadFileStep) => void = () => {},
): void {
  mkdirSync(dirname(path), { recursive: true });
  const next = `${path}.next`;
  const file = openSync(next, "w", 0o600);
  try {
    writeSync(file, `paypost-head 1 ${nodeId} ${head.sequence} ${Buffer.from(head.hash).toString("hex")}\n`);
    onStep("head-written");
    fsyncSync(file);
    onStep("head-flushed");
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
  onStep("head-renamed");
  flushFolder(dirname(path));
  onStep("head-folder-flushed");
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
