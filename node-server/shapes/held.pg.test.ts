/** Requests that are held: what wakes them, what ends them, and what happens when the listening connection is lost. */
import { EventEmitter, once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openShapeBench, type ShapeBench } from "../../test/support/shapes.ts";
import { stampShapeLog } from "../postgres/shape-stamper.ts";
import type { EmbeddedShapeSource, EmbeddedShapeSourceOptions } from "./embedded.ts";
import type { ShapeAnswer, ShapeRequest, ShapeSource } from "./source.ts";

let bench: ShapeBench;
let events: EventEmitter;
beforeEach(async () => {
  bench = await openShapeBench();
  events = new EventEmitter();
});
afterEach(() => bench.close());

/** Long enough for nothing in these tests to happen because of it. */
const neverMs = 2 ** 30;
const never = new AbortController().signal;

test("a request is woken by what another process has stamped, without looking at the log itself", async () => {
  const { source, listening } = openSource({ pollMs: neverMs });
  await listening;
  const { answer } = await hold(source);
  await insert(1);
  await stampShapeLog(bench.pool);
  expect(serials(await answer)).toEqual(["1"]);
});

test("a request is woken by a writer of another process that says so after its commit", async () => {
  const { source, listening } = openSource({ pollMs: neverMs });
  await listening;
  const { answer } = await hold(source);
  await insert(1);
  bench.newSource({ pollMs: neverMs }).wakeStamper();
  expect(serials(await answer)).toEqual(["1"]);
});

test("a request is woken by a commit that nobody told of", async () => {
  const { source } = openSource({ pollMs: 1 });
  const { answer } = await hold(source);
  await insert(1);
  expect(serials(await answer)).toEqual(["1"]);
});

test("what is stamped while the listening connection is lost is told when it is back", async () => {
  const { source, listening } = openSource({ pollMs: neverMs });
  const pid = await listening;
  const { answer } = await hold(source);
  await bench.pool.query("select pg_terminate_backend($1)", [pid]);
  await insert(1);
  await stampShapeLog(bench.pool);
  expect(serials(await answer)).toEqual(["1"]);
});

test("after the connection was lost, what is stamped later is told too", async () => {
  const { source, listening } = openSource({ pollMs: neverMs });
  const lost = await listening;
  await bench.pool.query("select pg_terminate_backend($1)", [lost]);
  await untilListening(lost);
  const { answer } = await hold(source);
  await insert(1);
  await stampShapeLog(bench.pool);
  expect(serials(await answer)).toEqual(["1"]);
});

test("a client that goes away ends its request at once", async () => {
  const { source } = openSource({ pollMs: neverMs });
  const handle = await newHandle(source);
  const ended = Promise.withResolvers<unknown>();
  const observed: ShapeSource = {
    fetch(request, signal) {
      const answer = source.fetch(request, signal);
      answer.catch(ended.resolve);
      return answer;
    },
  };
  const address = await bench.serve(observed);
  const client = new AbortController();
  const held = once(events, "held");
  const response = fetch(`${address}/leases?offset=0_inf&handle=${handle}&live=true`, {
    headers: { authorization: "Bearer n1" },
    signal: client.signal,
  }).catch(() => {});
  await held;
  client.abort();
  await expect(ended.promise).resolves.toBeDefined();
  await response;
});

test("a server that stops answers what it holds, as after an uneventful wait", async () => {
  const { source } = openSource({ pollMs: neverMs });
  const held = [await hold(source), await hold(source)];
  await source.close();
  for (const { answer } of held) {
    expect(await answer).toMatchObject({ kind: "messages", upToDate: true, hasData: false, offset: "0_inf" });
  }
});

test("of too many requests of one node the oldest is answered", async () => {
  const { source } = openSource({ pollMs: neverMs, maxHeld: 2 });
  const { answer: oldest } = await hold(source);
  await hold(source);
  await hold(source);
  expect(await oldest).toMatchObject({ kind: "messages", hasData: false });
});

test("a change of another node, or one that the snapshot included, does not end the wait", async () => {
  const { source } = openSource({ pollMs: 1 });
  const writer = await bench.pool.connect();
  await writer.query("begin; select pg_current_xact_id()");
  const { answer } = await hold(source);
  await insert(1, "n2");
  await stampShapeLog(bench.pool);
  await writer.query("insert into shape_leases values ('n1', 9, 1, 1, now(), '', ''); commit");
  writer.release();
  expect(serials(await answer)).toEqual(["9"]);
});

function openSource(options: Partial<EmbeddedShapeSourceOptions>) {
  const listening = untilListening();
  const source = bench.newSource({ holdMs: neverMs, onHold: () => events.emit("held"), ...options });
  return { source, listening };
}

/** Resolves with the process id of a listening connection, other than one that is gone. */
async function untilListening(gone = 0): Promise<number> {
  for (;;) {
    const { rows } = await bench.pool.query<{ pid: number }>(
      `select pid from pg_stat_activity
       where query ilike 'listen paypost%' and state = 'idle' and datname = current_database() and pid <> $1`,
      [gone],
    );
    if (rows[0]) return rows[0].pid;
  }
}

/** Begins a request after a snapshot of its own; resolves when it is being held. */
async function hold(source: EmbeddedShapeSource): Promise<{ answer: Promise<ShapeAnswer> }> {
  const handle = await newHandle(source);
  const held = once(events, "held");
  const answer = source.fetch({ ...request, offset: "0_inf", handle, live: true }, never);
  await held;
  return { answer };
}

const request = { shape: "leases", nodeId: "n1", log: "full" } as const satisfies Partial<ShapeRequest>;

async function newHandle(source: EmbeddedShapeSource): Promise<string> {
  const answer = await source.fetch({ ...request, offset: "-1", live: false }, never);
  if (answer.kind !== "messages") throw new Error(answer.kind);
  return answer.handle;
}

function serials(answer: ShapeAnswer): string[] {
  if (answer.kind !== "messages") throw new Error(answer.kind);
  const messages = JSON.parse(answer.body as string) as { value?: { serial: string } }[];
  return messages.flatMap(({ value }) => (value ? [value.serial] : []));
}

function insert(serial: number, nodeId = "n1"): Promise<unknown> {
  return bench.pool.query("insert into shape_leases values ($1, $2, 1, 1, now(), '', '')", [nodeId, serial]);
}
