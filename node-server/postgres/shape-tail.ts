/**
 * Reads what happened to a shape after an offset: stamped entries in order of position, less those that the handle's
 * snapshot already includes.
 */
import type { Pool, PoolClient } from "pg";
import type { ShapeDefinition } from "../shapes/definitions.ts";
import type { LogPlace } from "../shapes/offset.ts";
import { rowAsJson, textSettings } from "./shape-columns.ts";
import type { ShapeReader } from "./shape-stamper.ts";
import { inTransaction } from "./transaction.ts";

export interface ShapeChange extends LogPlace {
  readonly key: string;
  readonly op: "insert" | "update" | "delete";
  readonly xid: bigint;
  /** As JSON: the row that was deleted, or the row as it is since. */
  readonly row: string;
  /** As JSON what an updated row was before; null of the others. */
  readonly before: string | null;
}

export type ShapeTail =
  | {
      readonly kind: "changes";
      readonly changes: readonly ShapeChange[];
      /** The change after these, where the limit was reached. */
      readonly following: ShapeChange | undefined;
      readonly lastRun: bigint;
    }
  /** The handle is unknown, belongs to another reader or generation, or entries after the offset were removed. */
  | { readonly kind: "gone" }
  | { readonly kind: "beyond-the-end" };

export interface TailLimit {
  readonly rows: number;
  /** The change that reaches it is the last one. */
  readonly bytes: number;
}

/** `after` is a position, or undefined for the end of the handle's snapshot. */
export function readShapeTail(
  pool: Pool,
  definition: ShapeDefinition,
  reader: ShapeReader,
  request: { readonly handle: string; readonly after: bigint | undefined; readonly limit: TailLimit },
): Promise<ShapeTail> {
  return inTransaction(pool, begin, async (client): Promise<ShapeTail> => {
    const state = await readState(client, reader, request.handle);
    if (!state) return { kind: "gone" };
    const start = BigInt(state.start_position);
    const after = request.after !== undefined && request.after > start ? request.after : start;
    if (after > BigInt(state.last_position)) return { kind: "beyond-the-end" };
    if (BigInt(state.floor) > after) return { kind: "gone" };
    const read = (from: bigint, rows: number) =>
      readChanges(client, definition, reader, state.snapshot, from, rows);
    const { changes, following } = await readUpTo(request.limit, after, read);
    return { kind: "changes", changes, following, lastRun: BigInt(state.last_run) };
  });
}

// One view for the handle, the floor and the entries: nothing can be trimmed between looking at one and the other.
const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${textSettings}`;

interface State {
  readonly start_position: string;
  readonly snapshot: string;
  readonly last_position: string;
  readonly last_run: string;
  readonly floor: string;
}

async function readState(
  client: PoolClient,
  { shape, nodeId }: ShapeReader,
  handle: string,
): Promise<State | undefined> {
  const { rows } = await client.query<State>(
    `SELECT start_position, snapshot::text, last_position, last_run, coalesce(shape_log_floors.position, 0) AS floor
     FROM shape_handles
     JOIN server_identity USING (generation)
     CROSS JOIN shape_positions
     LEFT JOIN shape_log_floors USING (shape, node_id)
     WHERE handle = $1 AND shape = $2 AND node_id = $3`,
    [handle, shape, nodeId],
  );
  return rows[0];
}

/** Changes read at a time: what is in memory beyond the limit. */
const pageRows = 500;

async function readUpTo(
  limit: TailLimit,
  after: bigint,
  read: (after: bigint, rows: number) => Promise<ShapeChange[]>,
): Promise<{ readonly changes: ShapeChange[]; readonly following: ShapeChange | undefined }> {
  const changes: ShapeChange[] = [];
  let bytes = 0;
  for (let from = after; ; from = changes.at(-1)?.position ?? from) {
    // One more than is told, to know whether there is more and whether it is of the same transaction.
    const wanted = Math.min(pageRows, limit.rows + 1 - changes.length);
    const page = await read(from, wanted);
    for (const change of page) {
      if (changes.length >= limit.rows || bytes >= limit.bytes) return { changes, following: change };
      changes.push(change);
      bytes += sizeOf(change);
    }
    if (page.length < wanted) return { changes, following: undefined };
  }
}

/** About what the message of a change takes, in characters. */
function sizeOf({ key, row }: ShapeChange): number {
  return key.length + row.length + 150;
}

interface ChangeRow {
  readonly position: string;
  readonly run: string;
  readonly key: string;
  readonly op: ShapeChange["op"];
  readonly xid: string;
  readonly row: string;
  readonly before: string | null;
}

async function readChanges(
  client: PoolClient,
  definition: ShapeDefinition,
  { shape, nodeId }: ShapeReader,
  snapshot: string,
  after: bigint,
  limit: number,
): Promise<ShapeChange[]> {
  const [oldRow, newRow] = ["old", "new"].map((alias) => rowAsJson(definition, alias, "change"));
  const { rows } = await client.query<ChangeRow>(
    `SELECT log.position::text, log.run::text, log.key, log.op, log.xid::text,
       CASE log.op WHEN 'delete' THEN ${oldRow} ELSE ${newRow} END AS row,
       CASE log.op WHEN 'update' THEN ${oldRow} END AS before
     FROM shape_log AS log,
       jsonb_populate_record(NULL::"${definition.table}", log.old_row) AS old,
       jsonb_populate_record(NULL::"${definition.table}", log.new_row) AS new
     WHERE log.shape = $1 AND log.node_id = $2 AND log.position > $3
       AND NOT pg_visible_in_snapshot(log.xid, $4::pg_snapshot)
     ORDER BY log.position LIMIT $5`,
    [shape, nodeId, after, snapshot, limit],
  );
  return rows.map(({ position, run, xid, ...told }) => ({
    ...told,
    position: BigInt(position),
    run: BigInt(run),
    xid: BigInt(xid),
  }));
}
