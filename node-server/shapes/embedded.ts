/**
 * The embedded shape source: answers Electric's protocol out of the server's own PostgreSQL, so that an installation
 * needs no second service. Several processes may serve the same shapes of one database.
 *
 * What holds (the numbers are cited by the tests):
 * 1. A follower misses no change, and never reads an older state of a row after a newer one.
 * 2. A snapshot and its tail give the rows as they are, whatever was being written meanwhile.
 * 3. A handle is answered to its own node, shape and generation only, and is never used again.
 * 4. A reader whose changes were removed from the log, or whose table was emptied, is told to begin again.
 */
import type { Pool } from "pg";
import { listenForStamps } from "../postgres/shape-listener.ts";
import { stampShapeLog, type ShapeReader, type StampedReaders } from "../postgres/shape-stamper.ts";
import {
  heldAnswer,
  nextChunkAnswer,
  nowAnswer,
  snapshotAnswer,
  tailAnswer,
  type AnswerLimits,
} from "./answers.ts";
import { shapeDefinitions, type ShapeDefinitions } from "./definitions.ts";
import { parseOffset } from "./offset.ts";
import type { RunningShapeSource } from "./source.ts";
import { createStamping } from "./stamping.ts";
import { createWaitingRoom } from "./waiting.ts";

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
  readonly limits?: Partial<AnswerLimits>;
  /** Requests of one node that are held for one shape. */
  readonly maxHeld?: number;
  /** Told whenever a live request has found nothing and begins to wait. */
  readonly onHold?: () => void;
}

/**
 * To start is to listen for changes that other processes stamp; to close gives the listening connection back, and ends
 * held requests with the answer of an uneventful wait.
 */
export interface EmbeddedShapeSource extends RunningShapeSource {
  /** To call after a commit that changed a projection table: readers hear of it at once. */
  wakeStamper(): void;
}

/** An answer that is cut costs a node on a poor network at most this much. */
const usualLimits: AnswerLimits = { chunkBytes: 2 ** 20, maxRows: 5_000, maxBytes: 4 * 2 ** 20 };

export function createEmbeddedShapeSource(options: EmbeddedShapeSourceOptions): EmbeddedShapeSource {
  const { pool, log, holdMs = 20_000, pollMs = 100, retryMs = 200, maxHeld = 4 } = options;
  const { onHold = () => {} } = options;
  const limits = { ...usualLimits, ...options.limits };
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
      const read = { pool, definition, request, limits };
      const place = request.live ? waiting.enter(waitingKey(request)) : undefined;
      try {
        // What follows in a snapshot is written down already.
        const chunk = await nextChunkAnswer(read);
        if (chunk) return chunk;
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
  };
}

function waitingKey({ shape, nodeId }: ShapeReader): string {
  return `${shape}/${nodeId}`;
}

/** Not the error itself, which carries the connection and its settings. */
function reasonOf(error: unknown): object {
  if (!(error instanceof Error)) return { reason: String(error) };
  return { code: "code" in error ? error.code : undefined, reason: error.message };
}
