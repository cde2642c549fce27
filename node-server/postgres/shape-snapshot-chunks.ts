/**
 * The written-down answers of snapshots that do not fit one. They are told again to whoever asks for the same shape
 * within minutes: a node whose link broke at the first answer, or one of many that read the same rows, does not make
 * the server write all of it once more.
 */
import type { Pool } from "pg";
import type { ShapeReader } from "./shape-stamper.ts";

/** A node that asks for one snapshot after the other loses its oldest handles, not the server its disk. */
const handlesPerReader = 16;

/** What all nodes read has a handle for each of them, and some that they have left behind. */
const handlesOfShared = 20_000;

export type ReadChunk =
  | { readonly kind: "chunk"; readonly body: string }
  /** The chunk before was the last one: the tail follows. */
  | { readonly kind: "all-told" }
  | { readonly kind: "beyond-the-end" }
  /** The handle is unknown or belongs to another reader or generation, or its chunks are not kept any more. */
  | { readonly kind: "gone" };

export async function readSnapshotChunk(
  pool: Pool,
  { shape, nodeId }: ShapeReader,
  { handle, chunk }: { readonly handle: string; readonly chunk: number },
): Promise<ReadChunk> {
  const { rows } = await pool.query<{ chunks: number; body: string | null }>(
    `SELECT handles.chunks, stored.body
     FROM shape_handles AS handles JOIN server_identity USING (generation)
     LEFT JOIN shape_snapshot_chunks AS stored ON stored.handle = handles.handle AND stored.chunk = $4
     WHERE handles.handle = $1 AND shape = $2 AND node_id = $3`,
    [handle, shape, nodeId, chunk],
  );
  const [found] = rows;
  if (!found) return { kind: "gone" };
  if (chunk > found.chunks) return { kind: "beyond-the-end" };
  if (chunk === found.chunks) return { kind: "all-told" };
  return found.body === null ? { kind: "gone" } : { kind: "chunk", body: found.body };
}

/** The first chunk of a snapshot that is young enough to be told again, and whose tail is still whole. */
export async function findRecentSnapshot(
  pool: Pool,
  { shape, nodeId }: ShapeReader,
  expiredHandle: string | undefined,
): Promise<{ readonly handle: string; readonly body: string } | undefined> {
  const { rows } = await pool.query<{ handle: string; body: string }>(
    `SELECT handles.handle, stored.body
     FROM shape_handles AS handles JOIN server_identity USING (generation)
     JOIN shape_snapshot_chunks AS stored ON stored.handle = handles.handle AND stored.chunk = 0
     LEFT JOIN shape_log_floors AS floors USING (shape, node_id)
     WHERE shape = $1 AND node_id = $2 AND handles.handle <> $3
       AND handles.created_at > clock_timestamp() - interval '10 minutes'
       AND coalesce(floors.position, 0) <= handles.start_position
     ORDER BY handles.created_at DESC LIMIT 1`,
    [shape, nodeId, expiredHandle ?? ""],
  );
  return rows[0];
}

export async function forgetOldSnapshots(
  pool: Pool,
  { shape, nodeId }: ShapeReader,
  { isChunked, isShared }: { readonly isChunked: boolean; readonly isShared: boolean },
): Promise<void> {
  await pool.query(
    `DELETE FROM shape_handles WHERE handle IN (
       SELECT handle FROM shape_handles WHERE shape = $1 AND node_id = $2 ORDER BY created_at DESC OFFSET $3)`,
    [shape, nodeId, isShared ? handlesOfShared : handlesPerReader],
  );
  if (!isChunked) return;
  await pool.query(
    `DELETE FROM shape_snapshot_chunks WHERE handle IN (
       SELECT handle FROM shape_handles WHERE shape = $1 AND node_id = $2 AND chunks > 1
       ORDER BY created_at DESC OFFSET $3)`,
    [shape, nodeId, handlesPerReader],
  );
}

/** Whoever reads a snapshot for longer than a day begins again. */
export async function forgetStaleChunks(pool: Pool): Promise<void> {
  await pool.query(
    `DELETE FROM shape_snapshot_chunks USING shape_handles
     WHERE shape_handles.handle = shape_snapshot_chunks.handle
       AND shape_handles.created_at < clock_timestamp() - interval '1 day'`,
  );
}
