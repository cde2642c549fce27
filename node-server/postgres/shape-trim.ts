/**
 * Keeps the log bounded in rows and in days. What is removed is remembered as a floor for each reader concerned: only a
 * node that had not read it yet begins again with a snapshot, and one for which nothing happened loses nothing.
 */
import type { Pool } from "pg";
import { forgetStaleChunks } from "./shape-snapshot-chunks.ts";
import { stampShapeLog } from "./shape-stamper.ts";

export interface ShapeLogLimits {
  readonly maxRows: number;
  readonly maxDays: number;
}

/** Entries removed in one transaction. */
const batchSize = 5_000;

/** Removes the oldest entries beyond the limits; gives how many. */
export async function trimShapeLog(pool: Pool, { maxRows, maxDays }: ShapeLogLimits): Promise<number> {
  await forgetStaleChunks(pool);
  // Where no node reads, nobody has stamped either.
  await stampShapeLog(pool);
  const { rows } = await pool.query<{ position: string | null }>(lastToRemove, [maxRows, maxDays]);
  const last = rows[0]?.position;
  if (!last) return 0;
  let removed = 0;
  for (;;) {
    const batch = await pool.query<{ removed: number }>(removeBatch, [last, batchSize]);
    const count = batch.rows[0]?.removed ?? 0;
    removed += count;
    if (count < batchSize) return removed;
  }
}

const lastToRemove = `
  SELECT greatest(
    (SELECT last_position - $1 FROM shape_positions),
    (SELECT max(position) FROM shape_log WHERE stamped_at < clock_timestamp() - make_interval(days => $2))
  ) AS position`;

// Entries of truncations name no reader, and have done their work when they are stamped.
const removeBatch = `
  WITH doomed AS (SELECT position FROM shape_log WHERE position <= $1 ORDER BY position LIMIT $2),
  removed AS (
    DELETE FROM shape_log USING doomed WHERE shape_log.position = doomed.position
    RETURNING shape_log.shape, shape_log.node_id, shape_log.position, shape_log.op
  ),
  floors AS (
    INSERT INTO shape_log_floors (shape, node_id, position)
    SELECT shape, node_id, max(position) FROM removed WHERE op <> 'truncate' GROUP BY shape, node_id
    ORDER BY shape, node_id
    ON CONFLICT (shape, node_id) DO UPDATE SET position = greatest(shape_log_floors.position, excluded.position)
  )
  SELECT count(*)::int AS removed FROM removed`;
