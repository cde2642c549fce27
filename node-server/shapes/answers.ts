/**
 * What the embedded source answers, request by request. A snapshot comes in answers of about `chunkBytes`, all of one
 * view of the database; a tail in answers of at most `maxRows` changes and about `maxBytes`, of which only the last is
 * up to date.
 */
import type { Pool } from "pg";
import { findRecentSnapshot, readSnapshotChunk } from "../postgres/shape-snapshot-chunks.ts";
import { freshHandle, takeShapeSnapshot, type ShapeSnapshot } from "../postgres/shape-snapshot.ts";
import { readShapeTail, type ShapeTail } from "../postgres/shape-tail.ts";
import type { ShapeDefinition } from "./definitions.ts";
import { changeMessages, insertHeaders, snapshotEndMessage, upToDateMessage } from "./messages.ts";
import { chunkOffset, offsetOf, parseOffset, snapshotEnd } from "./offset.ts";
import type { ShapeAnswer, ShapeRequest } from "./source.ts";
import type { Place } from "./waiting.ts";

export interface AnswerLimits {
  /** Of one answer of a snapshot: what a broken link loses at most. */
  readonly chunkBytes: number;
  /** Of one answer of a tail. */
  readonly maxRows: number;
  readonly maxBytes: number;
}

export interface Read {
  readonly pool: Pool;
  readonly definition: ShapeDefinition;
  readonly request: ShapeRequest;
  readonly limits: AnswerLimits;
}

export async function snapshotAnswer(read: Read): Promise<ShapeAnswer> {
  const withRows = read.request.log === "full";
  const recent = withRows
    ? await findRecentSnapshot(read.pool, read.request, read.request.expiredHandle)
    : undefined;
  const { handle, body } = recent ?? (await takeSnapshot(read, withRows));
  return chunkAnswer(read, handle, 0, body);
}

/** The next answer of a snapshot; undefined where the offset is past it. */
export async function nextChunkAnswer(read: Read): Promise<ShapeAnswer | undefined> {
  const { pool, request } = read;
  const offset = parseOffset(request.offset);
  const handle = ownHandle(request);
  if (handle === undefined || typeof offset !== "object" || !("chunk" in offset)) return undefined;
  const chunk = offset.chunk + 1;
  const found = await readSnapshotChunk(pool, request, { handle, chunk });
  switch (found.kind) {
    case "chunk":
      return chunkAnswer(read, handle, chunk, found.body);
    case "gone":
      return { kind: "must-refetch", handle: await freshHandle(pool) };
    case "beyond-the-end":
      return outOfBounds;
    case "all-told":
      return undefined;
    default:
      return found satisfies never;
  }
}

export async function nowAnswer(read: Read): Promise<ShapeAnswer> {
  const { handle, lastRun } = await takeSnapshot(read, false);
  return {
    ...messages(read.definition, handle, `[${upToDateMessage(lastRun)}]`),
    offset: snapshotEnd,
    upToDate: true,
    hasData: false,
  };
}

/** `empty`: there is nothing to tell, which a live request waits for. */
export async function tailAnswer(read: Read): Promise<{ answer: ShapeAnswer; empty: boolean }> {
  const { pool, definition, request } = read;
  const tail = await readTail(read);
  if (tail.kind === "gone") {
    return { answer: { kind: "must-refetch", handle: await freshHandle(pool) }, empty: false };
  }
  if (tail.kind === "beyond-the-end") return { answer: outOfBounds, empty: false };
  const { changes, following } = tail;
  const told = changeMessages(definition, changes, following);
  const last = changes.at(-1);
  // Electric names the last change of the shape to followers, and its own last position to the others.
  const lsn = request.live && last ? last.run : tail.lastRun;
  const answer: ShapeAnswer = {
    ...messages(
      definition,
      request.handle ?? "",
      `[${(following ? told : [...told, upToDateMessage(lsn)]).join(",")}]`,
    ),
    offset: last ? offsetOf(last) : sameOffset(request.offset),
    upToDate: !following,
    hasData: true,
  };
  return { answer, empty: !last };
}

export interface Hold {
  readonly place: Place;
  readonly holdMs: number;
  readonly onHold: () => void;
}

export async function heldAnswer(
  read: Read,
  { place, holdMs, onHold }: Hold,
  signal: AbortSignal,
): Promise<ShapeAnswer> {
  const until = performance.now() + holdMs;
  for (let waited = false; ; waited = true) {
    const { answer, empty } = await tailAnswer(read);
    // The shape ended under our eyes. Electric names no handle here, since another may be made by then.
    if (waited && answer.kind === "must-refetch") return { kind: "must-refetch" };
    if (!empty || answer.kind !== "messages") return answer;
    onHold();
    const end = await place.next(Math.max(0, until - performance.now()), signal);
    if (end !== "told") return { ...answer, hasData: false };
  }
}

function takeSnapshot(
  { pool, definition, request, limits }: Read,
  withRows: boolean,
): Promise<ShapeSnapshot> {
  return takeShapeSnapshot(pool, definition, request, {
    withRows,
    chunkBytes: limits.chunkBytes,
    headers: insertHeaders(definition),
    endMessage: snapshotEndMessage,
  });
}

function chunkAnswer({ definition }: Read, handle: string, chunk: number, body: string): ShapeAnswer {
  return {
    ...messages(definition, handle, body),
    offset: chunkOffset(chunk),
    upToDate: false,
    hasData: true,
  };
}

async function readTail({ pool, definition, request, limits }: Read): Promise<ShapeTail> {
  const handle = ownHandle(request);
  if (handle === undefined) return { kind: "gone" };
  const offset = parseOffset(request.offset);
  const after = typeof offset === "object" && "position" in offset ? offset.position : undefined;
  const limit = { rows: limits.maxRows, bytes: limits.maxBytes };
  return readShapeTail(pool, definition, request, { handle, after, limit });
}

/** What no handle of ours looks like is not asked of the database, which refuses some texts with an error. */
function ownHandle({ handle = "" }: ShapeRequest): string | undefined {
  return /^\d{1,10}-\d{1,20}$/.test(handle) ? handle : undefined;
}

const outOfBounds: ShapeAnswer = {
  kind: "invalid",
  errors: { offset: ["out of bounds for this shape"] },
};

/** An offset is repeated as it came, but for a snapshot's, which has then been read to its end. */
function sameOffset(offset: string): string {
  const parsed = parseOffset(offset);
  return typeof parsed === "object" && "chunk" in parsed ? snapshotEnd : offset;
}

function messages(definition: ShapeDefinition, handle: string, body: string) {
  return {
    kind: "messages",
    handle,
    schema: JSON.stringify(definition.columns),
    body,
  } as const;
}
