/**
 * Reads all rows of a shape and makes the handle under which its tail is followed. Rows, last position and the list of
 * transactions that the rows include (`pg_current_snapshot()`) come from one view of the database, so that the tail,
 * which skips what those transactions wrote, joins it without a gap and without telling anything twice.
 */
import { randomBytes } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import type { ShapeDefinition } from "../shapes/definitions.ts";
import { asText, keyColumns, snapshotColumns, textSettings, type TextRow } from "./shape-columns.ts";
import type { ShapeReader } from "./shape-stamper.ts";
import { inTransaction } from "./shape-transaction.ts";

/** A node that asks for one snapshot after the other loses its oldest handles, not the server its disk. */
const handlesPerReader = 16;

export interface ShapeSnapshot {
  readonly handle: string;
  readonly rows: readonly TextRow[];
  /** As PostgreSQL writes it: xmin, xmax and the transactions between them that were still running. */
  readonly visible: { readonly xmin: string; readonly xmax: string; readonly running: readonly string[] };
  readonly lastRun: bigint;
}

/** With `withRows: false` the rows are taken as known, and only the handle is made. */
export async function takeShapeSnapshot(
  pool: Pool,
  definition: ShapeDefinition,
  reader: ShapeReader,
  withRows: boolean,
): Promise<ShapeSnapshot> {
  const snapshot = await inTransaction(pool, begin(definition), async (client) => {
    const view = await readView(client);
    const rows = withRows ? await readRows(client, definition, reader.nodeId) : [];
    const handle = newHandle(view.generation);
    await client.query(
      `INSERT INTO shape_handles (handle, generation, shape, node_id, snapshot, start_position)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [handle, view.generation, reader.shape, reader.nodeId, view.snapshot, view.last_position],
    );
    return { handle, rows, visible: parseSnapshot(view.snapshot), lastRun: BigInt(view.last_run) };
  });
  await forgetOldHandles(pool, reader);
  return snapshot;
}

/** A handle to name in a must-refetch. It is not stored: whoever reads from the beginning is given one of his own. */
export async function freshHandle(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ generation: number }>("SELECT generation FROM server_identity");
  return newHandle(rows[0]?.generation);
}

interface View {
  readonly snapshot: string;
  readonly last_position: string;
  readonly last_run: string;
  readonly generation: number;
}

// The lock comes before the first statement that looks at the database: TRUNCATE shows itself even to views that are
// older, and its rows must not be missing here while the tail still tells of them.
function begin(definition: ShapeDefinition): string {
  return `
    BEGIN ISOLATION LEVEL REPEATABLE READ;
    ${textSettings};
    LOCK TABLE "${definition.table}" IN ACCESS SHARE MODE`;
}

async function readView(client: PoolClient): Promise<View> {
  const { rows } = await client.query<View>(
    `SELECT pg_current_snapshot()::text AS snapshot, last_position, last_run, generation
     FROM shape_positions, server_identity`,
  );
  if (!rows[0]) throw new Error("shape_positions or server_identity is empty");
  return rows[0];
}

async function readRows(client: PoolClient, definition: ShapeDefinition, nodeId: string): Promise<TextRow[]> {
  const order = keyColumns(definition).map((name) => `"${definition.table}"."${name}"`);
  const { rows } = await client.query<TextRow>({
    text: `SELECT ${snapshotColumns(definition)} FROM "${definition.table}"
      WHERE node_id = $1 ORDER BY ${order.join(", ")}`,
    values: [nodeId],
    types: asText,
  });
  return rows;
}

/** The chance part keeps a handle unique even where a copy of the database was put back without a new generation. */
function newHandle(generation: number | undefined): string {
  if (generation === undefined) throw new Error("server_identity is empty");
  return `${generation}-${randomBytes(8).readBigUInt64BE()}`;
}

function parseSnapshot(text: string): ShapeSnapshot["visible"] {
  const [xmin = "", xmax = "", running = ""] = text.split(":");
  return { xmin, xmax, running: running === "" ? [] : running.split(",") };
}

async function forgetOldHandles(pool: Pool, { shape, nodeId }: ShapeReader): Promise<void> {
  await pool.query(
    `DELETE FROM shape_handles WHERE handle IN (
       SELECT handle FROM shape_handles WHERE shape = $1 AND node_id = $2 ORDER BY created_at DESC OFFSET $3)`,
    [shape, nodeId, handlesPerReader],
  );
}
