/**
 * The second place that knows the last operation: a small file outside the database, best on another disk. SQLite drops
 * a damaged end of its log silently; this file is what notices (design: "The queue").
 *
 * It has two lines of one page each, written in turn and in place: one flush, which needs no room on the disk. A power cut
 * leaves the line before whole.
 */
import { hash as digest } from "node:crypto";
import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { ChainHead } from "#sync/chain.ts";
import type { HeadRecord } from "#sync/queue/head.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { replaceFile } from "./flush.ts";

export type HeadFileStep = "head-written" | "head-flushed";

interface Line {
  readonly nodeId: string;
  readonly head: ChainHead;
}

/** `blank` was never written, `torn` not to its end. */
type Lines = readonly (Line | "blank" | "torn")[];

const lineBytes = 4096;

/** Reads what the file says; a file that is there but cannot be understood is `damaged`. */
export function readHeadFile(path: string): HeadRecord {
  const lines = readLines(path);
  if (!lines) return { kind: "missing" };
  const last = lastOf(lines);
  return last ? { kind: "present", ...last, isWhole: !lines.includes("torn") } : { kind: "damaged" };
}

/** Returns only when the file is flushed. Where it is not there, or what it says does not come before, it is made anew. */
export function writeHeadFile(
  path: string,
  nodeId: string,
  head: ChainHead,
  onStep: (step: HeadFileStep) => void = () => {},
): void {
  const lines = readLines(path) ?? [];
  const last = lastOf(lines);
  const line = lineOf({ nodeId, head });
  if (last?.nodeId === nodeId) {
    if (isSame(last.head, head)) return;
    if (last.head.sequence < head.sequence) return writeLine(path, 1 - lines.indexOf(last), line, onStep);
  }
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, Buffer.concat([line, lineWith("")]));
}

function writeLine(
  path: string,
  place: number,
  line: Uint8Array,
  onStep: (step: HeadFileStep) => void,
): void {
  const file = openSync(path, "r+");
  try {
    if (writeSync(file, line, 0, lineBytes, place * lineBytes) < lineBytes)
      throw new Error("the head file took only part of a line");
    onStep("head-written");
    fdatasyncSync(file);
    onStep("head-flushed");
  } finally {
    closeSync(file);
  }
}

/** Undefined where there is no file. */
function readLines(path: string): Lines | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (bytes.length !== 2 * lineBytes) return ["torn"];
  return [0, lineBytes].map((start) => readLine(bytes.toString("latin1", start, start + lineBytes)));
}

function readLine(text: string): Line | "blank" | "torn" {
  if (/^ *\n$/.test(text)) return "blank";
  const match =
    /^(paypost-head 2 ([0-9a-f-]{36}) (0|[1-9][0-9]{0,15}) ([0-9a-f]{64})) ([0-9a-f]{16}) *\n$/.exec(text);
  const [, said, nodeId, sequence, hash, sum] = match ?? [];
  if (said === undefined || nodeId === undefined || sequence === undefined || hash === undefined)
    return "torn";
  if (sum !== sumOf(said)) return "torn";
  return { nodeId, head: { sequence: Number(sequence), hash: hexToBytes(hash) } };
}

function lineOf({ nodeId, head }: Line): Buffer {
  const said = `paypost-head 2 ${nodeId} ${head.sequence} ${bytesToHex(head.hash)}`;
  return lineWith(`${said} ${sumOf(said)}`);
}

function lineWith(text: string): Buffer {
  return Buffer.from(`${text.padEnd(lineBytes - 1)}\n`, "latin1");
}

function sumOf(said: string): string {
  return digest("sha256", said).slice(0, 16);
}

function lastOf(lines: Lines): Line | undefined {
  return lines
    .filter((line) => typeof line === "object")
    .toSorted((one, other) => other.head.sequence - one.head.sequence)[0];
}

function isSame(one: ChainHead, other: ChainHead): boolean {
  return one.sequence === other.sequence && equalBytes(one.hash, other.hash);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
