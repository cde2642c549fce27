/**
 * Tells when so many wait for a connection to the database that whoever comes now would not be answered in time. A number of
 * them alone does not tell: where the machine is slow, few wait long.
 */
import type { Pool } from "pg";

/** What is read of the pool. */
export type WatchedPool = Pick<Pool, "waitingCount"> & {
  on(event: "acquire", listener: () => void): unknown;
};

/**
 * How long whoever comes may have to wait for a connection. A request waits as often as it has transactions, some four
 * times, and is to be answered within two seconds.
 */
const mostWaitMs = 250;

/** Of so many connections that were given the mean tells how long the next one takes. */
const remembered = 20;

/** `mostWaiting`: however quickly connections are given, no more than so many may wait for one. */
export function watchCrowd(pool: WatchedPool, mostWaiting: number, nowMs: () => number): () => boolean {
  let [betweenMs, lastMs, someWaited] = [0, 0, false];
  pool.on("acquire", () => {
    const now = nowMs();
    // Where nobody waited, the time between two tells how seldom somebody asked.
    if (someWaited) betweenMs += (now - lastMs - betweenMs) / remembered;
    lastMs = now;
    someWaited = pool.waitingCount > 0;
  });
  return () => pool.waitingCount >= mostWaiting || pool.waitingCount * betweenMs > mostWaitMs;
}
