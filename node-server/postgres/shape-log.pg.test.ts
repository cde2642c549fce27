import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openShapeBench, type ShapeBench } from "../../test/support/shapes.ts";
import { shapeDefinitions, type ShapeColumn } from "../shapes/definitions.ts";
import { stampShapeLog } from "./shape-stamper.ts";

let bench: ShapeBench;
beforeAll(async () => {
  bench = await openShapeBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.pool.query(
    "delete from shape_leases; delete from shape_signals; select forget_shape_history()",
  );
});

test("the columns that are told are the tables' own", async () => {
  for (const { table, columns } of Object.values(shapeDefinitions)) {
    expect({ table, columns }).toEqual({ table, columns: await columnsOf(table) });
  }
});

test("a change is logged with its rows and key, in the writer's transaction and without a position", async () => {
  const client = await bench.pool.connect();
  await client.query("begin");
  await insertLease(client, "n/1", 1);
  expect(await logged()).toEqual([]);
  await client.query("update shape_leases set epoch_n = 2");
  await client.query("delete from shape_leases");
  await client.query("commit");
  client.release();
  const key = `"public"."shape_leases"/"n//1"/"1"`;
  const base = { shape: "leases", node_id: "n/1", key, position: null };
  expect(await logged()).toMatchObject([
    { ...base, op: "insert", old_row: null, new_row: { serial: 1, epoch_n: 1 } },
    { ...base, op: "update", old_row: { epoch_n: 1 }, new_row: { epoch_n: 2 } },
    { ...base, op: "delete", old_row: { epoch_n: 2 }, new_row: null },
  ]);
});

test("a transaction that is rolled back leaves nothing in the log", async () => {
  const client = await bench.pool.connect();
  await client.query("begin");
  await insertLease(client, "n1", 1);
  await client.query("rollback");
  client.release();
  expect(await logged()).toEqual([]);
});

test("an update that changes nothing is not logged, and one of the key is a delete and an insert", async () => {
  await insertLease(bench.pool, "n1", 1);
  await bench.pool.query("update shape_leases set epoch_n = 1");
  await bench.pool.query("update shape_leases set serial = 2, epoch_n = 5");
  expect(await logged()).toMatchObject([
    { op: "insert", key: `"public"."shape_leases"/"n1"/"1"` },
    { op: "delete", key: `"public"."shape_leases"/"n1"/"1"`, old_row: { epoch_n: 1 } },
    { op: "insert", key: `"public"."shape_leases"/"n1"/"2"`, new_row: { epoch_n: 5 } },
  ]);
});

test("a row never moves to another node", async () => {
  await insertLease(bench.pool, "n1", 1);
  await expect(bench.pool.query("update shape_leases set node_id = 'n2'")).rejects.toThrow(
    /belongs to its node/,
  );
});

test("a statement bumps the signal of each node once, however many rows it touches", async () => {
  await bench.pool.query(`insert into shape_leases
    select 'n' || i % 2, i, 1, 1, now(), '', '' from generate_series(1, 1000) i`);
  const [first, second] = await signals();
  expect([first?.node_id, second?.node_id]).toEqual(["n0", "n1"]);
  await bench.pool.query("update shape_leases set epoch_n = 2 where node_id = 'n1'");
  await bench.pool.query("delete from shape_leases where node_id = 'n1'");
  const [unmoved, moved] = await signals();
  expect(unmoved).toEqual(first);
  expect(moved?.version).toBe((second?.version ?? 0n) + 2n);
  const bumps = await bench.pool.query("select from shape_log where shape = 'signals'");
  expect(bumps.rowCount).toBe(4);
});

test("a signal's version is not given again after the signals were emptied", async () => {
  await insertLease(bench.pool, "n1", 1);
  const before = await signals();
  await bench.pool.query("truncate shape_signals");
  await insertLease(bench.pool, "n1", 2);
  expect((await signals())[0]?.version).toBeGreaterThan(before[0]?.version ?? 0n);
});

test("emptying a table moves the signals of all its nodes", async () => {
  await insertLease(bench.pool, "n1", 1);
  await insertLease(bench.pool, "n2", 1);
  const before = await signals();
  await bench.pool.query("truncate shape_leases");
  const after = await signals();
  for (const [index, signal] of after.entries()) {
    expect(signal.version).toBeGreaterThan(before[index]?.version ?? 0n);
  }
});

test("a table whose rows belong to no node, or whose keys have several texts, cannot be a shape", async () => {
  await expect(registerOdd("id int primary key, node_id text")).rejects.toThrow(/must begin with node_id/);
  await expect(registerOdd("node_id text")).rejects.toThrow(/must begin with node_id/);
  await expect(registerOdd("node_id text, at timestamptz, primary key (node_id, at)")).rejects.toThrow(
    /several texts/,
  );
});

test("positions are contiguous and in order of sequence, and each stamping goes on where the last one ended", async () => {
  await bench.pool.query(
    `insert into shape_leases select 'n1', i, 1, 1, now(), '', '' from generate_series(1, 50) i`,
  );
  await stampShapeLog(bench.pool);
  await Promise.all(Array.from({ length: 20 }, (_, i) => insertLease(bench.pool, `m${i}`, 1)));
  await Promise.all(Array.from({ length: 5 }, () => stampShapeLog(bench.newPool())));
  const { rows } = await bench.pool.query<{ position: bigint; sequence: bigint }>(
    "select position, sequence from shape_log order by position",
  );
  // Each of the 21 statements has bumped a signal too.
  expect(rows).toHaveLength(50 + 1 + 20 * 2);
  const first = rows[0]?.position ?? 0n;
  expect(rows.map(({ position }) => position - first)).toEqual(rows.map((_, index) => BigInt(index)));
  const late = rows.slice(51).map(({ sequence }) => sequence);
  expect(late).toEqual(late.toSorted((a, b) => (a < b ? -1 : 1)));
});

test("only the stamper notifies: once for each stamping, with the readers who have something to read", async () => {
  const payloads: unknown[] = [];
  const listener = await bench.pool.connect();
  listener.on("notification", ({ payload }) => payloads.push(JSON.parse(payload ?? "")));
  await listener.query("listen paypost_shapes");
  await insertLease(bench.pool, "n1", 1);
  await insertLease(bench.pool, "n1", 2);
  await listener.query("select");
  expect(payloads).toEqual([]);
  const readers = await stampShapeLog(bench.pool);
  await listener.query("select");
  expect(payloads).toHaveLength(1);
  expect(new Set(payloads[0] as [])).toEqual(
    new Set([
      ["leases", "n1"],
      ["signals", "n1"],
    ]),
  );
  expect(readers).toHaveLength(2);
  expect(await stampShapeLog(bench.pool)).toEqual([]);
  listener.release(true);
});

test("more readers than a notification can name are told as all", async () => {
  await bench.pool.query(`insert into shape_leases
    select gen_random_uuid()::text, 1, 1, 1, now(), '', '' from generate_series(1, 300)`);
  expect(await stampShapeLog(bench.pool)).toBe("all");
});

test("a stamper that is killed in the middle leaves the log as it was, and the next one stamps it all", async () => {
  await insertLease(bench.pool, "n1", 1);
  const blocker = await bench.pool.connect();
  await blocker.query("begin; select from shape_positions for update");
  const killed = stampShapeLog(bench.newPool()).catch((error: unknown) => error);
  const pid = await stamperPid();
  await bench.pool.query("select pg_terminate_backend($1)", [pid]);
  expect(await killed).toMatchObject({ code: "57P01" });
  await blocker.query("rollback");
  blocker.release();
  expect((await logged()).map(({ position }) => position)).toEqual([null]);
  await stampShapeLog(bench.pool);
  expect((await logged()).map(({ position }) => typeof position)).toEqual(["bigint"]);
});

test("of two stampers at once one waits, and neither stamps what the other has", async () => {
  await insertLease(bench.pool, "n1", 1);
  await stampShapeLog(bench.pool);
  await insertLease(bench.pool, "n1", 2);
  const blocker = await bench.pool.connect();
  await blocker.query("begin; select from shape_positions for update");
  const both = [stampShapeLog(bench.newPool()), stampShapeLog(bench.newPool())];
  await untilWaiting(2);
  await insertLease(bench.pool, "n1", 3);
  await blocker.query("rollback");
  blocker.release();
  await Promise.all(both);
  const { rows } = await bench.pool.query<{ position: bigint }>(
    "select position from shape_log order by sequence",
  );
  const first = rows[0]?.position ?? 0n;
  expect(rows.map(({ position }) => position - first)).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
});

async function untilWaiting(connections: number): Promise<void> {
  for (;;) {
    const waiting = await bench.pool.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (waiting.rowCount === connections) return;
  }
}

/** Waits until a stamper holds its lock and waits for the row that the test has locked. */
async function stamperPid(): Promise<number> {
  for (;;) {
    const { rows } = await bench.pool.query<{ pid: number }>(
      `select advisory.pid from pg_locks advisory join pg_locks waiting using (pid)
       where advisory.locktype = 'advisory' and advisory.granted and not waiting.granted
         and advisory.database = (select oid from pg_database where datname = current_database())`,
    );
    if (rows[0]) return rows[0].pid;
  }
}

function registerOdd(columns: string): Promise<unknown> {
  return bench.pool.query(`create table odd (${columns}); select register_shape_table('odd', 'odd')`);
}

interface Querying {
  query(text: string, values: unknown[]): Promise<unknown>;
}

function insertLease(database: Querying, nodeId: string, serial: number): Promise<unknown> {
  return database.query(
    "insert into shape_leases values ($1, $2, 1, 1, '2026-12-01T10:00:00Z', 'lease', 'PV1:')",
    [nodeId, serial],
  );
}

async function logged(): Promise<Record<string, unknown>[]> {
  const { rows } = await bench.pool.query<Record<string, unknown>>(
    "select * from shape_log where shape = 'leases' order by sequence",
  );
  return rows;
}

async function signals() {
  const { rows } = await bench.pool.query<{ node_id: string; version: bigint }>(
    "select node_id, version from shape_signals where shape = 'leases' order by node_id",
  );
  return rows;
}

async function columnsOf(table: string): Promise<Record<string, ShapeColumn>> {
  const { rows } = await bench.pool.query<{
    name: string;
    type: string;
    not_null: boolean;
    place: number | null;
  }>(
    `select a.attname as name, t.typname as type, a.attnotnull as not_null,
       array_position(i.indkey::int2[], a.attnum) as place
     from pg_attribute a join pg_type t on t.oid = a.atttypid
       join pg_index i on i.indrelid = a.attrelid and i.indisprimary
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped`,
    [table],
  );
  return Object.fromEntries(
    rows.map(({ name, type, not_null: notNull, place }) => [
      name,
      { type, ...(notNull && { not_null: true as const }), ...(place !== null && { pk_index: place }) },
    ]),
  );
}
