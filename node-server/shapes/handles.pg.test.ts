/** Invariants 3 and 4 of the embedded source: to whom a handle is answered, and when it ends. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openShapeBench, type ShapeBench } from "../../test/support/shapes.ts";
import { trimShapeLog } from "../postgres/shape-trim.ts";
import type { EmbeddedShapeSource } from "./embedded.ts";
import type { ShapeAnswer, ShapeRequest } from "./source.ts";

let bench: ShapeBench;
let source: EmbeddedShapeSource;
beforeAll(async () => {
  bench = await openShapeBench();
  source = bench.newSource();
});
afterAll(() => bench.close());

test("a handle is refused to another node and for another shape, at every offset (3)", async () => {
  await insert("a1", 1);
  const handle = await newHandle("a1");
  await insert("a1", 2);
  const own = await ask({ nodeId: "a1", handle, offset: "0_inf" });
  expect(own.kind).toBe("messages");
  const offsets = ["0_0", "0_inf", own.kind === "messages" ? own.offset : "", "1_0"];
  for (const offset of offsets) {
    for (const live of [false, true]) {
      for (const other of [{ nodeId: "a2" }, { nodeId: "a1", shape: "verdicts" }]) {
        const answer = await ask({ ...other, handle, offset, live });
        expect(answer).toEqual({
          kind: "must-refetch",
          handle: expect.stringMatching(/^\d+-\d+$/) as unknown,
        });
        expect(answer).not.toHaveProperty("handle", handle);
      }
    }
  }
});

test("every snapshot has a handle of its own, and of many only the latest stay (3)", async () => {
  const handles: string[] = [];
  for (let i = 0; i < 20; i += 1) handles.push(await newHandle("b1"));
  expect(new Set(handles).size).toBe(20);
  const answers = await Promise.all(handles.map((handle) => ask({ nodeId: "b1", handle, offset: "0_0" })));
  const kinds = answers.map(({ kind }) => kind);
  expect(kinds.slice(0, 4)).toEqual(Array(4).fill("must-refetch"));
  expect(kinds.slice(4)).toEqual(Array(16).fill("messages"));
});

test("the handle that a must-refetch names is not one to read by", async () => {
  const answer = await ask({ nodeId: "c1", handle: "1-1", offset: "0_0" });
  const named = answer.kind === "must-refetch" ? answer.handle : undefined;
  expect((await ask({ nodeId: "c1", handle: named ?? "", offset: "0_0" })).kind).toBe("must-refetch");
});

test("a text that is no handle is refused like one that is unknown", async () => {
  for (const handle of ["x", "1-", "1-2-3", "\u0000", "'; drop table shape_handles; --", "9".repeat(1_000)]) {
    expect((await ask({ nodeId: "d1", handle, offset: "0_0" })).kind).toBe("must-refetch");
  }
});

test("an offset past the last position is refused, be it ever so large", async () => {
  const handle = await newHandle("e1");
  for (const offset of ["999999999_0", `${"9".repeat(20)}_${"9".repeat(20)}`]) {
    expect(await ask({ nodeId: "e1", handle, offset })).toEqual({
      kind: "invalid",
      errors: { offset: ["out of bounds for this shape"] },
    });
  }
});

test("a truncation ends the handles that were made before it, and of its own table only (4)", async () => {
  await insert("f1", 1);
  const before = await newHandle("f1");
  const elsewhere = await newHandle("f1", "verdicts");
  await bench.pool.query("truncate shape_leases");
  const after = await newHandle("f1");
  await insert("f1", 2);
  expect((await ask({ nodeId: "f1", handle: before, offset: "0_inf" })).kind).toBe("must-refetch");
  expect((await ask({ nodeId: "f1", shape: "verdicts", handle: elsewhere, offset: "0_inf" })).kind).toBe(
    "messages",
  );
  expect(serials(await ask({ nodeId: "f1", handle: after, offset: "0_inf" }))).toEqual(["2"]);
});

test("a snapshot that meets a truncation waits for it, and tells no row twice", async () => {
  const writer = await bench.pool.connect();
  await writer.query("begin; truncate shape_leases");
  const snapshot = ask({ nodeId: "g1", offset: "-1" });
  await untilSomebodyWaits();
  await writer.query("insert into shape_leases values ('g1', 5, 1, 1, now(), '', ''); commit");
  writer.release();
  const answer = await snapshot;
  expect(serials(answer)).toEqual(["5"]);
  const handle = answer.kind === "messages" ? answer.handle : "";
  expect(serials(await ask({ nodeId: "g1", handle, offset: "0_inf" }))).toEqual([]);
});

test("changes are kept for so many rows, and so many days", async () => {
  await insert("h1", 1);
  const handle = await newHandle("h1");
  for (let serial = 2; serial <= 5; serial += 1) await insert("h1", serial);
  expect(await trimShapeLog(bench.pool, { maxRows: 1_000, maxDays: 1 })).toBe(0);
  expect(serials(await ask({ nodeId: "h1", handle, offset: "0_inf" }))).toEqual(["2", "3", "4", "5"]);
  await bench.pool.query("update shape_log set stamped_at = stamped_at - interval '2 days'");
  await insert("h1", 6);
  expect(await trimShapeLog(bench.pool, { maxRows: 1_000, maxDays: 1 })).toBeGreaterThanOrEqual(8);
  expect((await ask({ nodeId: "h1", handle, offset: "0_inf" })).kind).toBe("must-refetch");
  const kept = await newHandle("h1");
  await insert("h1", 7);
  expect(serials(await ask({ nodeId: "h1", handle: kept, offset: "0_inf" }))).toEqual(["7"]);
});

test("a node that has read what was removed goes on, and one that has not begins again (4)", async () => {
  const handle = await newHandle("i1");
  await insert("i1", 1);
  const read = await ask({ nodeId: "i1", handle, offset: "0_inf" });
  const offset = read.kind === "messages" ? read.offset : "";
  await trimShapeLog(bench.pool, { maxRows: 0, maxDays: 1 });
  await insert("i1", 2);
  expect(serials(await ask({ nodeId: "i1", handle, offset }))).toEqual(["2"]);
  expect((await ask({ nodeId: "i1", handle, offset: "0_inf" })).kind).toBe("must-refetch");
});

test("a restored database answers none of the handles it was copied with, and marks its own (3)", async () => {
  const before = await newHandle("j1");
  expect(before).toMatch(/^1-/);
  await bench.pool.query("update server_identity set generation = 2");
  expect(await ask({ nodeId: "j1", handle: before, offset: "0_inf" })).toMatchObject({
    kind: "must-refetch",
    handle: expect.stringMatching(/^2-/) as unknown,
  });
  const after = await newHandle("j1");
  expect(after).toMatch(/^2-/);
  expect((await ask({ nodeId: "j1", handle: after, offset: "0_inf" })).kind).toBe("messages");
});

const client = new AbortController();

function ask(request: Partial<ShapeRequest> & { nodeId: string; offset: string }): Promise<ShapeAnswer> {
  return source.fetch({ shape: "leases", live: false, log: "full", ...request }, client.signal);
}

async function newHandle(nodeId: string, shape = "leases"): Promise<string> {
  const answer = await ask({ nodeId, shape, offset: "-1" });
  if (answer.kind !== "messages") throw new Error(answer.kind);
  return answer.handle;
}

function serials(answer: ShapeAnswer): string[] {
  if (answer.kind !== "messages") throw new Error(answer.kind);
  const messages = JSON.parse(answer.body as string) as { value?: { serial: string } }[];
  return messages.flatMap(({ value }) => (value ? [value.serial] : []));
}

function insert(nodeId: string, serial: number): Promise<unknown> {
  return bench.pool.query("insert into shape_leases values ($1, $2, 1, 1, now(), '', '')", [nodeId, serial]);
}

async function untilSomebodyWaits(): Promise<void> {
  for (;;) {
    const waiting = await bench.pool.query(
      "select from pg_locks where not granted and relation = 'shape_leases'::regclass",
    );
    if (waiting.rowCount) return;
  }
}
