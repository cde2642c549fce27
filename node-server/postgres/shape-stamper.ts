/**
 * Gives positions to what writers have logged. One transaction at a time does it, whatever process it runs in; it takes
 * all entries that are visible to it, in order of their sequence, and counts on from the last position.
 *
 * Why that is an order to rely on: an entry's sequence is drawn while its row is locked, so of two changes of one row
 * the later has the higher sequence, and whoever sees the later commit sees the earlier one as well. An entry
 * that commits late gets a late position, so a reader who has read up to a position never has to go back.
 *
 * The stamper alone does NOTIFY: a transaction that notifies holds a lock of the whole cluster while it commits, and
 * writers must not queue for that.
 */
import type { Pool } from "pg";
import { inTransaction } from "./transaction.ts";

export const shapeChannel = "paypost_shapes";

/** Key of the advisory lock that the stamper holds until its commit ("shape" in ASCII). */
const stamperLock = 0x73_68_61_70_65;

/** NOTIFY takes less than 8,000 bytes. */
const longestPayload = 7_900;

export interface ShapeReader {
  readonly shape: string;
  readonly nodeId: string;
}

/** Whose shapes changed. `all`: there are too many to name them, or a table was emptied. */
export type StampedReaders = readonly ShapeReader[] | "all";

/** Stamps everything committed before the call. Gives the readers that have something new to read. */
export async function stampShapeLog(pool: Pool): Promise<StampedReaders> {
  // Most calls find nothing, and must not wait for a lock to learn it.
  const unstamped = await pool.query("SELECT FROM shape_log WHERE position IS NULL LIMIT 1");
  if (unstamped.rowCount === 0) return [];
  return inTransaction(pool, begin, async (client) => {
    await client.query("SELECT pg_advisory_xact_lock($1)", [stamperLock]);
    // A statement of its own: its view of the log must be younger than the lock.
    const { rows } = await client.query<StampedRow>(stamp);
    if (rows.length === 0) return [];
    const payload = payloadOf(rows);
    await client.query("SELECT pg_notify($1, $2)", [shapeChannel, payload]);
    return readersOf(payload);
  });
}

/** Reads the payload of a notification. */
export function readersOf(payload: string): StampedReaders {
  if (payload === "all") return "all";
  const pairs = JSON.parse(payload) as [string, string][];
  return pairs.map(([shape, nodeId]) => ({ shape, nodeId }));
}

interface StampedRow {
  readonly shape: string;
  readonly node_id: string;
  readonly emptied: boolean;
}

function payloadOf(rows: readonly StampedRow[]): string {
  if (rows.some(({ emptied }) => emptied)) return "all";
  const payload = JSON.stringify(rows.map(({ shape, node_id: nodeId }) => [shape, nodeId]));
  return Buffer.byteLength(payload) > longestPayload ? "all" : payload;
}

// A process that stops in the middle of this must not stop the others for long: the server ends its session, which
// gives the lock back and undoes the stamps.
const begin = `
  BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL idle_in_transaction_session_timeout = '10s';
  SET LOCAL lock_timeout = '15s'`;

const stamp = `
  WITH base AS (SELECT last_position FROM shape_positions),
  fresh AS (
    SELECT sequence, row_number() OVER w AS n,
      CASE WHEN lag(xid) OVER w IS DISTINCT FROM xid THEN row_number() OVER w END AS begins
    FROM shape_log WHERE position IS NULL
    WINDOW w AS (ORDER BY sequence)
  ),
  counted AS (SELECT sequence, n, max(begins) OVER (ORDER BY sequence) AS run FROM fresh),
  stamped AS (
    UPDATE shape_log AS log
    SET position = base.last_position + counted.n, run = base.last_position + counted.run,
      stamped_at = clock_timestamp()
    FROM counted, base WHERE log.sequence = counted.sequence
    RETURNING log.position, log.run, log.shape, log.node_id, log.op, log.xid
  ),
  moved AS (
    UPDATE shape_positions
    SET last_position = latest.position, last_run = latest.run
    FROM (SELECT max(position) AS position, max(run) AS run FROM stamped) AS latest
    WHERE latest.position IS NOT NULL
  ),
  ended AS (
    DELETE FROM shape_handles AS handle USING stamped
    WHERE stamped.op = 'truncate' AND handle.shape = stamped.shape
      AND NOT pg_visible_in_snapshot(stamped.xid, handle.snapshot)
  )
  SELECT shape, node_id, bool_or(op = 'truncate') AS emptied FROM stamped GROUP BY shape, node_id`;
