/** Snapshots that do not fit one answer: told piece by piece, all of one view of the database. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openShapeBench, type ShapeBench } from "../../test/support/shapes.ts";
import { trimShapeLog } from "../postgres/shape-trim.ts";
import type { EmbeddedShapeSource } from "./embedded.ts";
import type { ShapeAnswer, ShapeRequest } from "./source.ts";

let bench: ShapeBench;
let source: EmbeddedShapeSource;
/** Some three rows of these tests. */
const limits = { chunkBytes: 700 };
beforeEach(async () => {
  bench = await openShapeBench();
  source = bench.newSource({ limits });
  await insert("n1", 1, 10);
});
afterEach(() => bench.close());

test("a snapshot comes in answers of the size that is wanted, under one handle, its end in the last", async () => {
  const answers = await readAll("n1");
  expect(answers.map(({ offset }) => offset)).toEqual(["0_0", "0_1", "0_2", "0_3", "0_inf"]);
  expect(new Set(answers.map(({ handle }) => handle)).size).toBe(1);
  expect(answers.map(({ upToDate }) => upToDate)).toEqual([false, false, false, false, true]);
  expect(answers.map(controls)).toEqual([[], [], [], ["snapshot-end"], ["up-to-date"]]);
  expect(answers.flatMap(serials)).toEqual(sequence(1, 10));
  for (const { body } of answers) expect((body as string).length).toBeLessThan(limits.chunkBytes + 400);
});

test("what happens while it is read is told after it, each change once", async () => {
  const first = await ask({ nodeId: "n1", offset: "-1" });
  await insert("n1", 11, 12);
  await bench.pool.query("delete from shape_leases where serial = 9");
  const rest = await readAll("n1", first);
  expect([first, ...rest].flatMap(serials)).toEqual([...sequence(1, 10), "11", "12", "9"]);
});

test("an answer that was lost is given again, byte for byte, by any server process", async () => {
  const first = await ask({ nodeId: "n1", offset: "-1" });
  const { handle } = first;
  const second = await ask({ nodeId: "n1", handle, offset: "0_0" });
  await bench.pool.query("delete from shape_leases");
  const other = bench.newSource({ limits });
  expect(await other.fetch(request({ nodeId: "n1", handle, offset: "0_0" }), never)).toEqual(second);
});

test("whoever asks for it anew within minutes is given the snapshot that is there, and what followed", async () => {
  const first = await ask({ nodeId: "n1", offset: "-1" });
  await insert("n1", 11, 11);
  const again = await ask({ nodeId: "n1", offset: "-1" });
  expect(again).toEqual(first);
  expect([again, ...(await readAll("n1", again))].flatMap(serials)).toEqual(sequence(1, 11));
});

test("a snapshot is made anew for whom the last one has expired, after some minutes, and for another node", async () => {
  await insert("n2", 1, 10);
  const { handle } = await ask({ nodeId: "n1", offset: "-1" });
  const expired = await ask({ nodeId: "n1", offset: "-1", expiredHandle: handle });
  expect(expired.handle).not.toBe(handle);
  await bench.pool.query("update shape_handles set created_at = created_at - interval '11 minutes'");
  const later = await ask({ nodeId: "n1", offset: "-1" });
  expect([handle, expired.handle]).not.toContain(later.handle);
  expect((await ask({ nodeId: "n2", offset: "-1" })).handle).not.toBe(later.handle);
});

test("a snapshot whose tail was trimmed is not given again", async () => {
  const { handle } = await ask({ nodeId: "n1", offset: "-1" });
  await insert("n1", 11, 11);
  await trimShapeLog(bench.pool, { maxRows: 0, maxDays: 1 });
  const again = await ask({ nodeId: "n1", offset: "-1" });
  expect(again.handle).not.toBe(handle);
  expect([again, ...(await readAll("n1", again))].flatMap(serials)).toEqual(sequence(1, 11));
});

test("a node whose snapshot is not kept any more begins again", async () => {
  const { handle } = await ask({ nodeId: "n1", offset: "-1" });
  await bench.pool.query("update shape_handles set created_at = created_at - interval '25 hours'");
  await trimShapeLog(bench.pool, { maxRows: 1_000, maxDays: 1 });
  const answer = await source.fetch(request({ nodeId: "n1", handle, offset: "0_0" }), never);
  expect(answer.kind).toBe("must-refetch");
  expect((await bench.pool.query("select from shape_snapshot_chunks")).rowCount).toBe(0);
});

test("chunks are given to their own node and shape only, and not beyond the last", async () => {
  const { handle } = await ask({ nodeId: "n1", offset: "-1" });
  for (const other of [{ nodeId: "n2" }, { nodeId: "n1", shape: "verdicts" }]) {
    const answer = await source.fetch(request({ ...other, handle, offset: "0_1" }), never);
    expect(answer.kind).toBe("must-refetch");
  }
  for (const offset of ["0_4", "0_99", `0_${"9".repeat(20)}`]) {
    const answer = await source.fetch(request({ nodeId: "n1", handle, offset }), never);
    expect(answer).toEqual({ kind: "invalid", errors: { offset: ["out of bounds for this shape"] } });
  }
});

test("a long tail comes in answers of the size that is wanted, up to date only at the end", async () => {
  const bounded = bench.newSource({ limits: { maxBytes: 1_000 } });
  const { handle } = await ask({ nodeId: "n1", offset: "-1" });
  await insert("n1", 11, 20);
  let place = { handle, offset: "0_inf" };
  const counts: number[] = [];
  for (let upToDate = false; !upToDate;) {
    const answer = messages(await bounded.fetch(request({ nodeId: "n1", ...place }), never));
    counts.push(serials(answer).length);
    ({ upToDate } = answer);
    place = { handle, offset: answer.offset };
  }
  expect(counts).toEqual([4, 4, 2]);
});

type Messages = ShapeAnswer & { readonly kind: "messages" };

const never = new AbortController().signal;

function request(some: Partial<ShapeRequest> & { nodeId: string; offset: string }): ShapeRequest {
  return { shape: "leases", live: false, log: "full", ...some };
}

async function ask(some: Partial<ShapeRequest> & { nodeId: string; offset: string }): Promise<Messages> {
  return messages(await source.fetch(request(some), never));
}

function messages(answer: ShapeAnswer): Messages {
  if (answer.kind !== "messages") throw new Error(answer.kind);
  return answer;
}

/** Reads until it is up to date, from the beginning or after an answer. */
async function readAll(nodeId: string, after?: Messages): Promise<Messages[]> {
  const answers: Messages[] = [];
  for (let last = after; !last?.upToDate;) {
    const place = last ? { handle: last.handle, offset: last.offset } : { offset: "-1" };
    const answer = await ask({ nodeId, ...place });
    answers.push(answer);
    last = answer;
  }
  return answers;
}

interface Told {
  readonly value?: { readonly serial: string };
  readonly headers: { readonly control?: string };
}

function toldBy({ body }: Messages): Told[] {
  return JSON.parse(body as string) as Told[];
}

function serials(answer: Messages): string[] {
  return toldBy(answer).flatMap(({ value }) => (value ? [value.serial] : []));
}

function controls(answer: Messages): string[] {
  return toldBy(answer).flatMap(({ headers }) => headers.control ?? []);
}

function sequence(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

function insert(nodeId: string, from: number, to: number): Promise<unknown> {
  return bench.pool.query(
    `insert into shape_leases select $1, i, 1, 1, '2026-12-01T10:00:00Z', 'lease', '' from generate_series($2::int, $3) i`,
    [nodeId, from, to],
  );
}
