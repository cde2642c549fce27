/**
 * Invariants 1 and 2 of the embedded source against writers whose transactions overlap: a follower misses no change and
 * never reads an older state of a row after a newer one, and a snapshot with its tail is the truth.
 *
 * The seed is printed; PAYPOST_SEED repeats a run, PAYPOST_RUNS makes it longer.
 */
import fc from "fast-check";
import type { PoolClient } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openShapeBench, type ShapeBench } from "../../test/support/shapes.ts";
import { takeShapeSnapshot } from "../postgres/shape-snapshot.ts";
import { shapeDefinitions } from "./definitions.ts";
import type { EmbeddedShapeSource } from "./embedded.ts";
import type { ShapeSource } from "./source.ts";

const seed = Number(process.env["PAYPOST_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env["PAYPOST_RUNS"] ?? 20);
/** What the database does in between is not in the script, so a shorter script would seldom fail the same way. */
const parameters = { seed, numRuns, endOnFailure: true };

let bench: ShapeBench;
/** Three server processes; the second tells a row of a snapshot at a time, and two changes of a tail. */
let sources: EmbeddedShapeSource[];

beforeAll(async () => {
  console.log(`PAYPOST_SEED=${seed}`);
  bench = await openShapeBench();
  // A signal of the same node is one row: its writers would take turns, and never overlap.
  await bench.pool.query(`
    drop trigger shape_signal_insert on shape_leases;
    drop trigger shape_signal_update on shape_leases;
    drop trigger shape_signal_delete on shape_leases`);
  const little = { chunkBytes: 1, maxRows: 2 };
  sources = [
    bench.newSource({ pollMs: 1 }),
    bench.newSource({ limits: little }),
    bench.newSource({ pollMs: 1 }),
  ];
});
afterAll(() => bench.close());

test.each([
  { when: "each change is read by itself", between: true },
  { when: "all are read at once", between: false },
])(
  "a row that a lower transaction id changes last is read last, while a third transaction stays open: $when",
  async ({ between }) => {
    const nodeId = `named-${between}`;
    const [open, first, second] = [await begin(), await begin(), await begin()];
    await bench.pool.query(insertion, [nodeId, 1]);
    const follower = await follow(source(0), nodeId);
    expect(await transactionId(open)).toBeLessThan(await transactionId(first));
    expect(await transactionId(first)).toBeLessThan(await transactionId(second));
    await second.query(`${updated(nodeId)}; commit`);
    if (between) await follower.catchUp();
    expect(follower.history).toEqual(between ? [1, 2] : [1]);
    await first.query(`${updated(nodeId)}; commit`);
    await follower.catchUp();
    expect(follower.history).toEqual([1, 2, 3]);
    await open.query(`${updated(nodeId)}; commit`);
    await follower.catchUp();
    expect(follower.history).toEqual([1, 2, 3, 4]);
    for (const client of [open, first, second]) client.release();
  },
);

test("a change that is committed late is told late, and not skipped", async () => {
  const early = await begin();
  const follower = await follow(source(0), "late");
  await early.query(insertion, ["late", 1]);
  await bench.pool.query(insertion, ["late", 2]);
  await follower.catchUp();
  expect([...follower.rows.keys()]).toEqual(["2"]);
  await early.query("commit");
  early.release();
  await follower.catchUp();
  expect([...follower.rows.keys()]).toEqual(["2", "1"]);
});

test("what a snapshot includes is not told again, though it gets its position afterwards", async () => {
  const during = await begin();
  await during.query(insertion, ["flight", 2]);
  await bench.pool.query(insertion, ["flight", 1]);
  const reader = { shape: "leases", nodeId: "flight" };
  const { handle, body } = await takeShapeSnapshot(bench.pool, shapeDefinitions.leases, reader, {
    withRows: true,
    chunkBytes: 1_000,
    headers: '{"it\'s":"told"}',
    endMessage: () => "{}",
  });
  const [row, end] = JSON.parse(body) as Told[];
  expect(row).toMatchObject({ value: { serial: "1" }, headers: { "it's": "told" } });
  expect(end).toEqual({});
  await during.query(`${updated("flight")}; commit`);
  during.release();
  const answer = await source(0).fetch(
    { ...reader, handle, offset: "0_0", live: false, log: "full" },
    unending,
  );
  const told = answer.kind === "messages" ? (JSON.parse(answer.body as string) as Told[]) : [];
  expect(told.map(({ headers, value }) => [headers.operation, value?.serial])).toEqual([
    ["insert", "2"],
    ["update", "2"],
    ["update", "1"],
    [undefined, undefined],
  ]);
});

const insertion = "insert into shape_leases values ($1, $2, 1, 1, '2026-12-01T10:00:00Z', '', '')";

function updated(nodeId: string): string {
  return `update shape_leases set epoch_n = epoch_n + 1 where node_id = '${nodeId}'`;
}

const writers = 4;
const serials = 3;

type Step =
  | { readonly kind: "write"; readonly writer: number; readonly serial: number; readonly remove: boolean }
  | { readonly kind: "end"; readonly writer: number; readonly how: "commit" | "rollback" }
  | { readonly kind: "read"; readonly follower: number }
  | { readonly kind: "join"; readonly source: number }
  | { readonly kind: "stamp"; readonly source: number };

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      writer: fc.nat(writers - 1),
      serial: fc.nat(serials - 1),
      remove: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      writer: fc.nat(writers - 1),
      how: fc.constantFrom("commit" as const, "commit" as const, "rollback" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("read" as const), follower: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("join" as const), source: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stamp" as const), source: fc.nat(2) }) },
);
const steps = fc.array(step, { minLength: 20, maxLength: 80 });
let runs = 0;

test("followers miss nothing and never go back, whoever commits when (1)", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const nodeId = `followed-${runs++}`;
      const followers = [await follow(source(0), nodeId), await follow(source(1), nodeId)];
      const stopLive = new AbortController();
      const live = followLive(await follow(source(2), nodeId), stopLive.signal);
      try {
        await play(script, nodeId, async (reading) => {
          await followers[reading.kind === "read" ? reading.follower % 2 : 0]?.catchUp();
        });
        const rows = await truth(nodeId);
        for (const follower of followers) {
          await follower.catchUp();
          expect(follower.rows).toEqual(rows);
        }
        await live.until((follower) => follower.history.length === followers[0]?.history.length);
        expect(live.follower.rows).toEqual(rows);
      } finally {
        stopLive.abort();
      }
      await live.ended;
    }),
    parameters,
  );
});

test("snapshots taken at any moment and their tails are the truth (2)", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const nodeId = `joined-${runs++}`;
      const followers: Follower[] = [];
      await play(script, nodeId, async (reading) => {
        if (reading.kind === "join") followers.push(await follow(source(reading.source), nodeId));
        else await followers[reading.follower % Math.max(1, followers.length)]?.catchUp();
      });
      const rows = await truth(nodeId);
      for (const follower of followers) {
        await follower.catchUp();
        expect(follower.rows).toEqual(rows);
      }
    }),
    parameters,
  );
});

/**
 * Lets each writer take its steps one after the other, and none wait for another: what they wait for is the database's
 * locks. Stamping and reading happen in between. Ends with all transactions committed.
 */
async function play(
  script: readonly Step[],
  nodeId: string,
  read: (step: Step & { kind: "read" | "join" }) => Promise<void>,
): Promise<void> {
  const hands = await Promise.all(Array.from({ length: writers }, () => createWriter(nodeId)));
  try {
    for (const step of script) {
      if (step.kind === "write") hands[step.writer]?.write(step.serial, step.remove);
      else if (step.kind === "end") hands[step.writer]?.end(step.how);
      else if (step.kind === "stamp") source(step.source).wakeStamper();
      else await read(step);
    }
  } finally {
    await Promise.all(hands.map((hand) => hand.finish()));
  }
}

/** A connection with a queue of its own. A transaction that the database ends (two waited for each other) is dropped. */
async function createWriter(nodeId: string) {
  const client = await bench.pool.connect();
  await client.query("set deadlock_timeout = '5ms'");
  let isOpen = false;
  const end = async (how: "commit" | "rollback") => {
    if (isOpen) await client.query(how);
    isOpen = false;
  };
  const after = async (previous: Promise<void>, work: () => Promise<unknown>) => {
    await previous;
    await work().catch(() => end("rollback"));
  };
  let last = Promise.resolve();
  const then = (work: () => Promise<unknown>) => {
    last = after(last, work);
  };
  return {
    write: (serial: number, remove: boolean) =>
      then(async () => {
        if (!isOpen) await client.query("begin");
        isOpen = true;
        await client.query(remove ? removal : change, [nodeId, serial]);
      }),
    end: (how: "commit" | "rollback") => then(() => end(how)),
    async finish() {
      then(() => end("commit"));
      await last;
      client.release(true);
    },
  };
}

const change = `${insertion}
  on conflict (node_id, serial) do update set epoch_n = shape_leases.epoch_n + 1`;
const removal = "delete from shape_leases where node_id = $1 and serial = $2";

interface Follower {
  /** Serial and version of the rows, as told. */
  readonly rows: Map<string, number>;
  /** The versions in the order in which they were told; 0 is a deletion. */
  readonly history: number[];
  /** Reads until it is up to date. */
  catchUp(): Promise<void>;
  /** Holds one live request. */
  readLive(signal: AbortSignal): Promise<void>;
}

interface Told {
  readonly value?: { readonly serial: string; readonly epoch_n: string };
  readonly old_value?: { readonly epoch_n?: string };
  readonly headers: { readonly operation?: "insert" | "update" | "delete" };
}

/** Takes a snapshot and applies what follows, checking that each change fits the state that it says it changed. */
async function follow(from: ShapeSource, nodeId: string): Promise<Follower> {
  const rows = new Map<string, number>();
  const history: number[] = [];
  let place: { offset: string; handle?: string } = { offset: "-1" };
  const read = async (live: boolean, signal: AbortSignal) => {
    const answer = await from.fetch({ shape: "leases", nodeId, log: "full", live, ...place }, signal);
    if (answer.kind !== "messages") throw new Error(answer.kind);
    place = { offset: answer.offset, handle: answer.handle };
    for (const message of JSON.parse(answer.body as string) as Told[]) history.push(...apply(rows, message));
    return answer.upToDate;
  };
  await read(false, unending);
  return {
    rows,
    history,
    async catchUp() {
      while (!(await read(false, unending)));
    },
    async readLive(signal) {
      await read(true, signal);
    },
  };
}

function apply(rows: Map<string, number>, { value, old_value: old, headers }: Told): number[] {
  if (!value) return [];
  const version = Number(value.epoch_n);
  const known = rows.get(value.serial);
  if (headers.operation === "delete") {
    expect(known).toBe(version);
    rows.delete(value.serial);
    return [0];
  }
  // The state before a change is the one that was told last: none is missing, none comes twice or late.
  expect(known).toBe(headers.operation === "update" ? Number(old?.epoch_n) : undefined);
  rows.set(value.serial, version);
  return [version];
}

/** Reads on and on, until `signal` aborts. */
function followLive(follower: Follower, signal: AbortSignal) {
  let told = Promise.withResolvers<void>();
  let failure: unknown;
  const readOn = async () => {
    while (!signal.aborted) {
      await follower.readLive(signal).catch((error: unknown) => {
        if (!signal.aborted) failure = error;
      });
      told.resolve();
      if (failure !== undefined) return;
      told = Promise.withResolvers();
    }
  };
  return {
    follower,
    ended: readOn(),
    async until(isReached: (follower: Follower) => boolean) {
      while (!isReached(follower)) {
        if (failure !== undefined) throw failure;
        await told.promise;
      }
    },
  };
}

const unending = new AbortController().signal;

async function truth(nodeId: string): Promise<Map<string, number>> {
  const { rows } = await bench.pool.query<{ serial: bigint; epoch_n: number }>(
    "select serial, epoch_n from shape_leases where node_id = $1",
    [nodeId],
  );
  return new Map(rows.map(({ serial, epoch_n: version }) => [String(serial), version]));
}

async function begin(): Promise<PoolClient> {
  const client = await bench.pool.connect();
  await client.query("begin");
  return client;
}

async function transactionId(client: PoolClient): Promise<bigint> {
  const { rows } = await client.query<{ id: string }>("select pg_current_xact_id()::text as id");
  return BigInt(rows[0]?.id ?? 0);
}

function source(index: number): EmbeddedShapeSource {
  const found = sources[index];
  if (!found) throw new Error(`there is no source ${index}`);
  return found;
}
