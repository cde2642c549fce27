/**
 * The one connection of a process that listens for stamps. It is taken from the pool for good, and taken anew when it
 * is lost; what was notified in between is unknown, so everybody is told to look again.
 */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Notification, Pool } from "pg";
import { readersOf, shapeChannel, type StampedReaders } from "./shape-stamper.ts";

export interface ShapeListener {
  /** Resolves when the connection is given back; nothing is reported any more. */
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly onStamped: (readers: StampedReaders) => void;
  readonly onLost: (error: unknown) => void;
  /** Wait before connecting again, doubled with each failure up to 32 times of it. */
  readonly retryMs: number;
}

/** Connects in the background, however long that takes. */
export function listenForStamps(pool: Pool, options: ListenerOptions): ShapeListener {
  const closing = new AbortController();
  const ended = listenUntilClosed(pool, options, closing.signal);
  return {
    async close() {
      closing.abort();
      await ended;
    },
  };
}

async function listenUntilClosed(pool: Pool, options: ListenerOptions, closing: AbortSignal): Promise<void> {
  let failures = 0;
  const onConnected = () => {
    failures = 0;
    options.onStamped("all");
  };
  while (!closing.aborted) {
    try {
      await listenUntilLost(pool, { ...options, onConnected }, closing);
    } catch (error) {
      if (closing.aborted) return;
      options.onLost(error);
      const waitMs = options.retryMs * 2 ** Math.min(failures, 5);
      failures += 1;
      await delay(waitMs, undefined, { signal: closing }).catch(ignore);
    }
  }
}

async function listenUntilLost(
  pool: Pool,
  { onStamped, onConnected }: ListenerOptions & { readonly onConnected: () => void },
  closing: AbortSignal,
): Promise<never> {
  const client = await pool.connect();
  const report = ({ payload }: Notification) => onStamped(readersOf(payload ?? "all"));
  client.on("notification", report);
  client.on("error", ignore);
  // Rejects when the connection fails and when `closing` aborts; also while LISTEN is still under way.
  const ended = once(client, "end", { signal: closing });
  ended.catch(ignore);
  try {
    await client.query(`LISTEN ${shapeChannel}`);
    onConnected();
    await ended;
    throw new Error("the listening connection was closed by the database");
  } finally {
    client.off("notification", report);
    // Closed, not reused: the next user of the connection would be listening too.
    client.release(true);
  }
}

function ignore(): void {}
