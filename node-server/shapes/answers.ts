/**
 * What the embedded source answers, request by request. A snapshot is one answer, since the rows of two requests would
 * not belong together; it is bounded by what one node may hold. A tail comes in answers of at most `maxRows` changes,
 * and only the last is up to date.
 */
import type { Pool } from "pg";
import { freshHandle, takeShapeSnapshot } from "../postgres/shape-snapshot.ts";
import { readShapeTail, type ShapeTail } from "../postgres/shape-tail.ts";
import type { ShapeDefinition } from "./definitions.ts";
import { changeMessages, snapshotMessages, upToDateMessage } from "./messages.ts";
import { offsetOf, parseOffset, snapshotEnd, snapshotStart } from "./offset.ts";
import type { ShapeAnswer, ShapeRequest } from "./source.ts";
import type { Place } from "./waiting.ts";

export interface Read {
  readonly pool: Pool;
  readonly definition: ShapeDefinition;
  readonly request: ShapeRequest;
  readonly maxRows: number;
}

export async function snapshotAnswer({ pool, definition, request }: Read): Promise<ShapeAnswer> {
  const snapshot = await takeShapeSnapshot(pool, definition, request, request.log === "full");
  return {
    ...messages(definition, snapshot.handle, snapshotMessages(definition, snapshot)),
    offset: snapshotStart,
    upToDate: false,
    hasData: true,
  };
}

export async function nowAnswer({ pool, definition, request }: Read): Promise<ShapeAnswer> {
  const { handle, lastRun } = await takeShapeSnapshot(pool, definition, request, false);
  return {
    ...messages(definition, handle, [upToDateMessage(lastRun)]),
    offset: snapshotEnd,
    upToDate: true,
    hasData: false,
  };
}

/** `empty`: there is nothing to tell, which a live request waits for. */
export async function tailAnswer(read: Read): Promise<{ answer: ShapeAnswer; empty: boolean }> {
  const { pool, definition, request, maxRows } = read;
  const tail = await readTail(read);
  if (tail.kind === "gone") {
    return { answer: { kind: "must-refetch", handle: await freshHandle(pool) }, empty: false };
  }
  if (tail.kind === "beyond-the-end") return { answer: outOfBounds, empty: false };
  const changes = tail.changes.slice(0, maxRows);
  const following = tail.changes[maxRows];
  const told = changeMessages(definition, changes, following);
  const last = changes.at(-1);
  // Electric names the last change of the shape to followers, and its own last position to the others.
  const lsn = request.live && last ? last.run : tail.lastRun;
  const answer: ShapeAnswer = {
    ...messages(definition, request.handle ?? "", following ? told : [...told, upToDateMessage(lsn)]),
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

async function readTail({ pool, definition, request, maxRows }: Read): Promise<ShapeTail> {
  const { handle = "" } = request;
  // What no handle of ours looks like is not asked of the database, which refuses some texts with an error.
  if (!/^\d{1,10}-\d{1,20}$/.test(handle)) return { kind: "gone" };
  const offset = parseOffset(request.offset);
  const after = typeof offset === "object" ? offset.position : undefined;
  // One more than is told, to know whether there is more and whether it is of the same transaction.
  return readShapeTail(pool, definition, request, {
    handle,
    after,
    limit: maxRows + 1,
  });
}

const outOfBounds: ShapeAnswer = {
  kind: "invalid",
  errors: { offset: ["out of bounds for this shape"] },
};

/** An offset is repeated as it came, but for a snapshot's, which has then been read to its end. */
function sameOffset(offset: string): string {
  return parseOffset(offset) === "snapshot" ? snapshotEnd : offset;
}

function messages(definition: ShapeDefinition, handle: string, list: readonly object[]) {
  return {
    kind: "messages",
    handle,
    schema: JSON.stringify(definition.columns),
    body: JSON.stringify(list),
  } as const;
}
