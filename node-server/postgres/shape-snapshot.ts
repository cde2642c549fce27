/**
 * Reads all rows of a shape and makes the handle under which its tail is followed. Rows, last position and the list of
 * transactions that the rows include (`pg_current_snapshot()`) come from one view of the database, so that the tail,
 * which skips what those transactions wrote, joins it without a gap and without telling anything twice.
 *
 * What does not fit one answer is written down chunk by chunk while it is read, so that no more than one is ever in
 * memory, and a node whose link breaks goes on where it was, at any server process.
 */
import { randomBytes } from "node:crypto";
import { escapeLiteral } from "pg";
import type { Pool, PoolClient } from "pg";
import type { ShapeDefinition } from "../shapes/definitions.ts";
import { keyColumns, rowAsJson, rowKey, textSettings } from "./shape-columns.ts";
import { forgetOldSnapshots } from "./shape-snapshot-chunks.ts";
import type { ShapeReader } from "./shape-stamper.ts";
import { inTransaction } from "./transaction.ts";

/** As PostgreSQL writes it: xmin, xmax and the transactions between them that were still running. */
export interface Visible {
  readonly xmin: string;
  readonly xmax: string;
  readonly running: readonly string[];
}

export interface SnapshotRequest {
  /** With false the rows are taken as known, and only the handle is made. */
  readonly withRows: boolean;
  /** A chunk ends with the row that reaches this size. */
  readonly chunkBytes: number;
  /** Of each row's message, as JSON. */
  readonly headers: string;
  /** Gives JSON. */
  readonly endMessage: (visible: Visible) => string;
}

export interface ShapeSnapshot {
  readonly handle: string;
  /** The first chunk: a JSON array of messages. */
  readonly body: string;
  readonly lastRun: bigint;
}

export async function takeShapeSnapshot(
  pool: Pool,
  definition: ShapeDefinition,
  reader: ShapeReader,
  request: SnapshotRequest,
): Promise<ShapeSnapshot> {
  const { chunks, ...snapshot } = await inTransaction(pool, begin(definition), async (client) => {
    const view = await readView(client);
    const handle = newHandle(view.generation);
    await client.query(
      `INSERT INTO shape_handles (handle, generation, shape, node_id, snapshot, start_position)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [handle, view.generation, reader.shape, reader.nodeId, view.snapshot, view.last_position],
    );
    const told = await writeChunks(client, definition, { ...request, handle, view, nodeId: reader.nodeId });
    return { handle, lastRun: BigInt(view.last_run), ...told };
  });
  const isShared = definition.shared === true;
  await forgetOldSnapshots(pool, reader, { isChunked: chunks > 1, isShared });
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
// older, and its rows must not be missing here while the tail still tells of them. Rows are read in the order of the
// primary key; where statistics are old the planner would rather sort them all on the disk.
function begin(definition: ShapeDefinition): string {
  return `
    BEGIN ISOLATION LEVEL REPEATABLE READ;
    ${textSettings};
    SET LOCAL enable_sort = off;
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

interface ChunkRequest extends SnapshotRequest {
  readonly handle: string;
  readonly nodeId: string;
  readonly view: View;
}

/** Gives the first chunk and how many there are; where there are several, all of them are written down. */
async function writeChunks(
  client: PoolClient,
  definition: ShapeDefinition,
  { handle, nodeId, view, withRows, chunkBytes, headers, endMessage }: ChunkRequest,
): Promise<{ readonly body: string; readonly chunks: number }> {
  const end = endMessage(parseSnapshot(view.snapshot));
  if (!withRows) return { body: `[${end}]`, chunks: 1 };
  const { rows } = await client.query<{ body: string; chunks: number }>(
    `SELECT first_chunk AS body, chunk_count AS chunks FROM write_shape_snapshot($1, $2, $3, $4, $5)`,
    [handle, messagesOf(definition, headers), nodeId, chunkBytes, end],
  );
  const [written] = rows;
  if (!written) throw new Error("write_shape_snapshot gave nothing");
  if (written.chunks > 1) {
    await client.query("UPDATE shape_handles SET chunks = $2 WHERE handle = $1", [handle, written.chunks]);
  }
  return written;
}

/** A query for the messages of a node's rows, which is its $1. */
function messagesOf(definition: ShapeDefinition, headers: string): string {
  const table = `"${definition.table}"`;
  const order = keyColumns(definition).map((name) => `${table}."${name}"`);
  return `SELECT concat('{"key":', to_json(${rowKey(definition)}), ',"value":', ${rowAsJson(definition, table, "snapshot")},
      ',"headers":', ${escapeLiteral(headers)}, '}')
    FROM ${table} WHERE node_id = $1 ORDER BY ${order.join(", ")}`;
}

/** The chance part keeps a handle unique even where a copy of the database was put back without a new generation. */
function newHandle(generation: number | undefined): string {
  if (generation === undefined) throw new Error("server_identity is empty");
  return `${generation}-${randomBytes(8).readBigUInt64BE()}`;
}

function parseSnapshot(text: string): Visible {
  const [xmin = "", xmax = "", running = ""] = text.split(":");
  return { xmin, xmax, running: running === "" ? [] : running.split(",") };
}
