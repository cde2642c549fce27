/**
 * The embedded shape source: answers Electric's protocol out of the server's own PostgreSQL, so that an installation
 * needs no second service. Several processes may serve the same shapes of one database.
 *
 * What holds (the numbers are cited by the tests):
 * 1. A follower misses no change, and never reads an older state of a row after a newer one.
 * 2. A snapshot and its tail give the rows as they are, whatever was being written meanwhile.
 * 3. A handle is answered to its own node, shape and generation only, and is never used again.
 * 4. A reader whose changes were removed from the log, or whose table was emptied, is told to begin again.
 *
 * A snapshot is one answer, since the rows of two requests would not belong together; it is bounded by what one node
 * may hold. A tail comes in answers of at most `maxRows` changes, and only the last is up to date.
 */
import type { Pool } from "pg";
import { listenForStamps } from "../postgres/shape-listener.ts";
import { freshHandle, takeShapeSnapshot } from "../postgres/shape-snapshot.ts";
import { stampShapeLog, type ShapeReader, type StampedReaders } from "../postgres/shape-stamper.ts";
import { readShapeTail, type ShapeTail } from "../postgres/shape-tail.ts";
import { trimShapeLog, type ShapeLogLimits } from "../postgres/shape-trim.ts";
import { shapeDefinitions, type ShapeDefinition, type ShapeDefinitions } from "./definitions.ts";
import { changeMessages, snapshotMessages, upToDateMessage } from "./messages.ts";
import { offsetOf, parseOffset, snapshotEnd, snapshotStart } from "./offset.ts";
import type { ShapeAnswer, ShapeRequest, ShapeSource } from "./source.ts";
import { createStamping } from "./stamping.ts";
import { createWaitingRoom, type Place } from "./waiting.ts";

export interface EmbeddedShapeSourceOptions {
  /** One of its connections is taken for good, to listen. The owner handles the pool's `error` events. */
  readonly pool: Pool;
  readonly log: { warn(fields: object, message: string): void };
  readonly definitions?: ShapeDefinitions;
  /** How long a live request waits for a change: 20 s, as Electric does. */
  readonly holdMs?: number;
  /** How often the log is looked at while requests are held. */
  readonly pollMs?: number;
  readonly retryMs?: number;
  /** Changes in one answer. */
  readonly maxRows?: number;
  /** Requests of one node that are held for one shape. */
  readonly maxHeld?: number;
  /** Told whenever a live request has found nothing and begins to wait. */
  readonly onHold?: () => void;
}

export interface EmbeddedShapeSource extends ShapeSource {
  /** Begins to listen for changes that other processes stamp. */
  start(): void;
  /** Ends held requests with the answer of an uneventful wait, and gives the listening connection back. */
  close(): Promise<void>;
  /** To call after a commit that changed a projection table: readers hear of it at once. */
  wakeStamper(): void;
  /** To call now and then: gives how many entries it removed. */
  trimLog(limits: ShapeLogLimits): Promise<number>;
}

export function createEmbeddedShapeSource(options: EmbeddedShapeSourceOptions): EmbeddedShapeSource {
  const { pool, log, holdMs = 20_000, pollMs = 100, retryMs = 200, maxRows = 5_000, maxHeld = 4 } = options;
  const { onHold = () => {} } = options;
  const definitions: ShapeDefinitions = options.definitions ?? shapeDefinitions;
  const waiting = createWaitingRoom(maxHeld);
  const tell = (readers: StampedReaders) => waiting.tell(readers === "all" ? "all" : readers.map(waitingKey));
  const stamping = createStamping({
    stamp: async () => tell(await stampShapeLog(pool)),
    isFollowed: () => waiting.size > 0,
    onFailed: (error) => log.warn(reasonOf(error), "the shape log could not be stamped"),
    pollMs,
  });
  const onLost = (error: unknown) =>
    log.warn(reasonOf(error), "the connection that listens for shapes was lost");
  let listener: ReturnType<typeof listenForStamps> | undefined;

  return {
    async fetch(request, signal) {
      const definition = Object.hasOwn(definitions, request.shape) ? definitions[request.shape] : undefined;
      if (!definition) return { kind: "unknown-shape" };
      const read = { pool, definition, request, maxRows };
      const place = request.live ? waiting.enter(waitingKey(request)) : undefined;
      try {
        await stamping.stampNow();
        if (place) return await heldAnswer(read, { place, holdMs, onHold }, signal);
        const offset = parseOffset(request.offset);
        if (offset === "before-all") return await snapshotAnswer(read);
        if (offset === "now") return await nowAnswer(read);
        return (await tailAnswer(read)).answer;
      } finally {
        place?.leave();
      }
    },
    start() {
      listener ??= listenForStamps(pool, { onStamped: tell, onLost, retryMs });
    },
    async close() {
      waiting.close();
      await Promise.all([stamping.close(), listener?.close()]);
    },
    wakeStamper: () => stamping.wake(),
    trimLog: (limits) => trimShapeLog(pool, limits),
  };
}

interface Read {
  readonly pool: Pool;
  readonly definition: ShapeDefinition;
  readonly request: ShapeRequest;
  readonly maxRows: number;
}

function waitingKey({ shape, nodeId }: ShapeReader): string {
  return `${shape}/${nodeId}`;
}

async function snapshotAnswer({ pool, definition, request }: Read): Promise<ShapeAnswer> {
  const snapshot = await takeShapeSnapshot(pool, definition, request, request.log === "full");
  return {
    ...messages(definition, snapshot.handle, snapshotMessages(definition, snapshot)),
    offset: snapshotStart,
    upToDate: false,
    hasData: true,
  };
}

async function nowAnswer({ pool, definition, request }: Read): Promise<ShapeAnswer> {
  const { handle, lastRun } = await takeShapeSnapshot(pool, definition, request, false);
  return {
    ...messages(definition, handle, [upToDateMessage(lastRun)]),
    offset: snapshotEnd,
    upToDate: true,
    hasData: false,
  };
}

/** `empty`: there is nothing to tell, which a live request waits for. */
async function tailAnswer(read: Read): Promise<{ answer: ShapeAnswer; empty: boolean }> {
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

interface Hold {
  readonly place: Place;
  readonly holdMs: number;
  readonly onHold: () => void;
}

async function heldAnswer(
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

/** Not the error itself, which carries the connection and its settings. */
function reasonOf(error: unknown): object {
  if (!(error instanceof Error)) return { reason: String(error) };
  return { code: "code" in error ? error.code : undefined, reason: error.message };
}
