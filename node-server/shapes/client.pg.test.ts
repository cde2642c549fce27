/** The embedded source as nodes see it: through the official client, over HTTP, by `ShapeStream` and nothing else. */
import { isChangeMessage, ShapeStream, type Message, type Offset } from "@electric-sql/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openShapeBench, type ShapeBench } from "../../test/support/shapes.ts";
import { trimShapeLog } from "../postgres/shape-trim.ts";
import type { EmbeddedShapeSourceOptions } from "./embedded.ts";

let bench: ShapeBench;
let running: AbortController;
beforeEach(async () => {
  bench = await openShapeBench();
  running = new AbortController();
});
afterEach(async () => {
  running.abort();
  await bench.close();
});

test("a node loads its rows and then hears of every insert, update and delete", async () => {
  await grant("n1", 1);
  const node = await openNode("n1");
  await node.until(() => node.isUpToDate());
  expect(node.rows()).toEqual({ "1": { lease: "lease 1", epoch_n: 1 } });
  await grant("n1", 2);
  await node.until(() => "2" in node.rows());
  await bench.pool.query("update shape_leases set epoch_n = 2 where serial = 1");
  await node.until(() => node.rows()["1"]?.["epoch_n"] === 2);
  await bench.pool.query("delete from shape_leases where serial = 2");
  await node.until(() => !("2" in node.rows()));
  expect(node.rows()).toEqual({ "1": { lease: "lease 1", epoch_n: 2 } });
});

test("granting is an insert and withdrawing a delete, and nothing of another node is ever told", async () => {
  await grant("n2", 1);
  const node = await openNode("n1");
  await node.until(() => node.isUpToDate());
  await grant("n2", 7);
  await grant("n1", 7);
  await node.until(() => "7" in node.rows());
  // The lease goes to the other node: a row of one's own is deleted, and one of the other's is inserted.
  await bench.pool.query(
    "delete from shape_leases where serial = 1; delete from shape_leases where serial = 7",
  );
  await grant("n1", 8);
  await node.until(() => "8" in node.rows());
  expect(node.changes().map(({ value }) => value["node_id"])).toEqual(["n1", "n1", "n1"]);
  expect(node.changes().map(({ headers }) => headers.operation)).toEqual(["insert", "delete", "insert"]);
});

test("values arrive as the columns' types say, times in UTC", async () => {
  await grant("n1", 9_007_199_254_740_993n);
  const node = await openNode("n1");
  await node.until(() => node.isUpToDate());
  expect(node.changes()[0]?.value).toMatchObject({
    serial: 9_007_199_254_740_993n,
    epoch_n: 1,
    not_after: "2026-12-01 10:00:00+00",
  });
});

test("a node that was away goes on from its stored offset, at another server process", async () => {
  await grant("n1", 1);
  const first = await openNode("n1");
  await grant("n1", 2);
  await first.until(() => first.isUpToDate() && "2" in first.rows());
  const stored = first.place();
  await first.stop();
  await bench.pool.query("update shape_leases set epoch_n = 3 where serial = 1");
  await grant("n1", 3);
  const second = await openNode("n1", { from: stored });
  await second.until(() => "3" in second.rows());
  expect(second.changes().map(({ headers }) => headers.operation)).toEqual(["update", "insert"]);
  expect(second.place().handle).toBe(stored.handle);
});

test("a node whose changes were removed from the log is told to begin again, and has the rows as they are", async () => {
  await grant("n1", 1);
  const first = await openNode("n1", { subscribe: false });
  await first.until(() => first.isUpToDate());
  const stored = first.place();
  await bench.pool.query("delete from shape_leases where serial = 1");
  await grant("n1", 2);
  expect(await trimShapeLog(bench.pool, { maxRows: 0, maxDays: 40 })).toBeGreaterThan(0);
  const second = await openNode("n1", { from: stored });
  await second.until(() => second.isUpToDate());
  expect(second.controls()).toContain("must-refetch");
  expect(second.rows()).toEqual({ "2": { lease: "lease 2", epoch_n: 1 } });
  expect(second.place().handle).not.toBe(stored.handle);
});

test("a node that nothing happened to keeps its place when the log is trimmed", async () => {
  await grant("n1", 1);
  const first = await openNode("n1", { subscribe: false });
  await first.until(() => first.isUpToDate());
  const stored = first.place();
  await grant("n2", 1);
  expect(await trimShapeLog(bench.pool, { maxRows: 0, maxDays: 40 })).toBeGreaterThan(0);
  await grant("n1", 2);
  const second = await openNode("n1", { from: stored });
  await second.until(() => "2" in second.rows());
  expect(second.controls()).not.toContain("must-refetch");
});

test("two server processes serve one shape: what is read at one goes on at the other", async () => {
  await grant("n1", 1);
  const one = await openNode("n1");
  const two = await openNode("n1");
  await one.until(() => one.isUpToDate());
  await two.until(() => two.isUpToDate());
  await grant("n1", 2);
  await one.until(() => "2" in one.rows());
  await two.until(() => "2" in two.rows());
  const crossed = await openNode("n1", { from: one.place() });
  await grant("n1", 3);
  await crossed.until(() => "3" in crossed.rows());
  expect(crossed.rows()).toEqual({ "3": { lease: "lease 3", epoch_n: 1 } });
});

test("an emptied table begins anew for a node that follows it", async () => {
  await grant("n1", 1);
  const node = await openNode("n1");
  await node.until(() => node.isUpToDate());
  await bench.pool.query("truncate shape_leases");
  await grant("n1", 2);
  await node.until(() => "2" in node.rows() && node.isUpToDate());
  expect(node.controls()).toContain("must-refetch");
  expect(node.rows()).toEqual({ "2": { lease: "lease 2", epoch_n: 1 } });
});

test("a change of more rows than one answer holds arrives in several, up to date only at the end", async () => {
  const node = await openNode("n1", { server: { limits: { maxRows: 10 } } });
  await node.until(() => node.isUpToDate());
  await bench.pool.query(`insert into shape_leases
    select 'n1', i, 1, 1, '2026-12-01T10:00:00Z', 'lease ' || i, '' from generate_series(1, 25) i`);
  await node.until(() => Object.keys(node.rows()).length === 25);
  const batches = node.batches().filter((batch) => batch.some(isChangeMessage));
  expect(batches.map((batch) => batch.length)).toEqual([10, 10, 6]);
  expect(
    batches.map((batch) => batch.at(-1)?.headers).map((headers) => headers && "control" in headers),
  ).toEqual([false, false, true]);
});

test("the signals alone tell a node which shapes to fetch", async () => {
  const node = await openNode("n1", { shape: "signals" });
  await node.until(() => node.isUpToDate());
  await grant("n1", 1);
  await node.until(() => node.changes().length === 1);
  await bench.pool.query("insert into shape_trust values ('n1', 'key-set', 1, '')");
  await node.until(() => node.changes().length === 2);
  expect(node.changes().map(({ value }) => value["shape"])).toEqual(["leases", "trust"]);
});

function grant(nodeId: string, serial: number | bigint): Promise<unknown> {
  return bench.pool.query("insert into shape_leases values ($1, $2, 1, 1, '2026-12-01T10:00:00Z', $3, '')", [
    nodeId,
    serial,
    `lease ${serial}`,
  ]);
}

interface NodeOptions {
  readonly shape?: string;
  readonly subscribe?: boolean;
  readonly from?: { readonly offset: Offset; readonly handle: string };
  readonly server?: Partial<EmbeddedShapeSourceOptions>;
}

type Value = Record<string, string | number | bigint | boolean | null>;

/** A node that reads one shape from a server process of its own. */
async function openNode(
  nodeId: string,
  { shape = "leases", subscribe = true, from, server }: NodeOptions = {},
) {
  const source = bench.newSource(server);
  const url = `${await bench.serve(source)}/${shape}`;
  const stopping = new AbortController();
  const stream = new ShapeStream<Value>({
    url,
    headers: { authorization: `Bearer ${nodeId}` },
    subscribe,
    signal: AbortSignal.any([stopping.signal, running.signal]),
    ...from,
  });
  const batches: Message<Value>[][] = [];
  const rows = new Map<string, Value>();
  let failure: Error | undefined;
  let seen = Promise.withResolvers<void>();
  const wake = () => {
    seen.resolve();
    seen = Promise.withResolvers();
  };
  stream.subscribe(
    (batch) => {
      batches.push(batch);
      for (const message of batch) apply(rows, message);
      wake();
    },
    (error) => {
      failure = error;
      wake();
    },
  );
  const changes = () => batches.flat().filter(isChangeMessage);
  return {
    batches: () => batches,
    changes,
    controls: () => batches.flat().flatMap(({ headers }) => ("control" in headers ? [headers.control] : [])),
    rows: () =>
      Object.fromEntries(
        [...rows.values()].map((row) => [
          String(row["serial"]),
          { lease: row["lease"], epoch_n: row["epoch_n"] },
        ]),
      ),
    isUpToDate: () => stream.isUpToDate,
    place: () => ({ offset: stream.lastOffset, handle: stream.shapeHandle ?? "" }),
    async until(isReached: () => boolean): Promise<void> {
      while (!isReached()) {
        if (failure) throw failure;
        await seen.promise;
      }
    },
    async stop(): Promise<void> {
      stopping.abort();
      await source.close();
    },
  };
}

function apply(rows: Map<string, Value>, message: Message<Value>): void {
  if (isChangeMessage(message)) {
    if (message.headers.operation === "delete") rows.delete(message.key);
    else rows.set(message.key, message.value);
  } else if (message.headers.control === "must-refetch") rows.clear();
}
