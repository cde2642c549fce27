/**
 * Replays the exchanges that were captured from the real Electric service. Handles, positions, transaction ids and
 * cursors differ from run to run, so they are compared by the places where they come back.
 */
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openShapeBench, type ShapeBench } from "../../test/support/shapes.ts";
import type { ShapeDefinitions } from "./definitions.ts";

interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly query: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly during?: readonly string[];
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const definitions: ShapeDefinitions = {
  leases: {
    table: "leases",
    columns: {
      active: { type: "bool", not_null: true },
      amount_minor: { type: "int8", not_null: true },
      node_id: { type: "text", not_null: true, pk_index: 0 },
      not_after: { type: "timestamptz" },
      note: { type: "text" },
      serial: { type: "int8", not_null: true, pk_index: 1 },
      status: { type: "int4", not_null: true },
    },
  },
};

// The installation's own table of that name gives way: the name is part of every key.
const before = `
  drop table if exists leases cascade;
  create table leases (
    node_id text not null, serial bigint not null, status int not null, amount_minor bigint not null,
    active boolean not null, note text, not_after timestamptz, primary key (node_id, serial));
  select register_shape_table('leases', 'leases');
  -- The captured table had no signals beside it, whose changes count in the places within a transaction.
  drop trigger shape_signal_insert on leases;
  drop trigger shape_signal_update on leases;
  drop trigger shape_signal_delete on leases;
  insert into leases select 'n1', i, 2, i * 1500, i % 2 = 0, case when i % 2 = 1 then format('note "%s"', i) end,
    '2026-12-01 10:00:00Z' from generate_series(1, 3) i`;

/** These ask for a shape of their own making, which no node may. */
const definesShape = new Set(["unknown table", "bad where"]);

const fixture = new URL("../../test/fixtures/electric-exchanges.json", import.meta.url);
const { exchanges } = JSON.parse(readFileSync(fixture, "utf8")) as { exchanges: readonly Exchange[] };
const events = new EventEmitter();
const onHold = () => events.emit("held");

let bench: ShapeBench;
let address: string;
/** Another server process over the same database, which does not hold requests for as long as Electric does. */
let hastyAddress: string;

beforeAll(async () => {
  bench = await openShapeBench();
  await bench.pool.query(before);
  // Times are told in UTC whatever the session's own zone is.
  await bench.pool.query(`do $$ begin execute format('alter database %I set timezone = ''Asia/Kolkata''',
    current_database()); end $$`);
  address = await bench.serve(bench.newSource({ definitions, onHold }));
  hastyAddress = await bench.serve(bench.newSource({ definitions, onHold, holdMs: 100 }));
});

afterAll(() => bench.close());

/** What the captured requests hold, in terms of this run. */
const handles = new Map<string, string>();
const offsets = new Map<string, string>();
const etags = new Map<string, string>();

for (const exchange of exchanges.filter(({ name }) => !definesShape.has(name))) {
  test(`answers as Electric does: ${exchange.name}`, async () => {
    const { method, query, headers } = exchange.request;
    const held = exchange.during && once(events, "held");
    const server = exchange.during ? address : hastyAddress;
    const response = send(server, method, ownQuery(query), query["params[1]"] ?? "", ownHeaders(headers));
    if (exchange.during) {
      await Promise.race([held, response]);
      // The captured statements ran together in one transaction.
      await bench.pool.query(exchange.during.join(";"));
    }
    const { status, headers: received } = await response;
    const text = await (await response).text();
    remember(exchange.response.headers, received);
    expect(status).toBe(exchange.response.status);
    const own = comparableHeaders(Object.fromEntries(received), lsnLabels(text));
    expect(own).toEqual(
      comparableHeaders(asServedHere(exchange), lsnLabels(JSON.stringify(exchange.response.body))),
    );
    expect(comparableBody(text)).toEqual(comparableBody(exchange.response.body));
  });
}

for (const exchange of exchanges.filter(({ name }) => definesShape.has(name))) {
  test(`refuses a request that defines a shape: ${exchange.name}`, async () => {
    const response = await send(address, "GET", new URLSearchParams(exchange.request.query), "n1", {});
    expect(response.status).toBe(exchange.response.status);
    expect(await response.json()).toMatchObject({
      message: "Invalid request",
      errors: { table: ["is decided by the server"] },
    });
  });
}

function send(
  server: string,
  method: string,
  query: URLSearchParams,
  nodeId: string,
  headers: Record<string, string>,
) {
  return fetch(`${server}/leases?${query.toString()}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${nodeId}` },
  });
}

const shapeParameters = new Set(["table", "where", "params[1]", "replica", "columns"]);

function ownQuery(query: Readonly<Record<string, string>>): URLSearchParams {
  const own = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (shapeParameters.has(name)) continue;
    const known = name === "handle" ? handles : name === "offset" ? offsets : undefined;
    own.set(name, known?.get(value) ?? value);
  }
  return own;
}

function ownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const known = headers["if-none-match"];
  return known === undefined ? { ...headers } : { ...headers, "if-none-match": etags.get(known) ?? known };
}

function remember(theirs: Readonly<Record<string, string>>, own: Headers): void {
  const remembered = [
    [handles, "electric-handle"],
    [offsets, "electric-offset"],
    [etags, "etag"],
  ] as const;
  for (const [known, name] of remembered) {
    const value = theirs[name];
    // Electric gives a handle to all who read the same shape; here each snapshot has its own, and the first one counts.
    if (value !== undefined && !known.has(value)) known.set(value, own.get(name) ?? "");
  }
}

/** What differs on purpose; see the module's header in http.ts. */
function asServedHere({ request, response: { headers } }: Exchange): Record<string, string> {
  const cache = headers["cache-control"]?.replace("public", "private").replace(" s-maxage=3600,", "");
  return {
    ...headers,
    ...(cache !== undefined && { "cache-control": cache }),
    ...(headers["vary"] !== undefined && { vary: "accept-encoding, Authorization" }),
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "electric-server": "Paypost",
    // Nobody else's reading of the shape is gone on with: `now` is the end of a snapshot of one's own.
    ...(request.query["offset"] === "now" && { "electric-offset": "0_inf" }),
  };
}

const transport = new Set(["date", "connection", "keep-alive", "transfer-encoding", "content-length"]);

function comparableHeaders(headers: Record<string, string>, labels: Map<string, string>): object {
  const entries = Object.entries(headers).filter(([name]) => !transport.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, comparableHeader(name, value, labels)]));
}

function comparableHeader(name: string, value: string, labels: Map<string, string>): unknown {
  if (name === "electric-schema") return JSON.parse(value);
  if (name === "electric-handle") return "<handle>";
  if (name === "electric-cursor") return /^\d+$/.test(value) ? "<cursor>" : value;
  if (name === "electric-offset") return comparableOffset(value, labels);
  if (name === "etag") {
    const [handle, asked, given, ...rest] = value.slice(1, -1).split(":");
    return [handle && "<handle>", asked && "<offset>", given && "<offset>", ...rest.map(() => "<once>")];
  }
  return value;
}

/** An lsn stands for the first, second, … one named in the body; the place within a transaction is compared as it is. */
function comparableOffset(offset: string, labels: Map<string, string>): string {
  const [lsn = "", place] = offset.split("_");
  const label = labels.get(lsn);
  return label === undefined ? (lsn === "0" ? offset : "<elsewhere>") : `${label}_${place}`;
}

function lsnLabels(body: string): Map<string, string> {
  const lsns = [...body.matchAll(/"lsn":"(\d+)"/g)].map((match) => match[1] ?? "");
  return new Map([...new Set(lsns)].map((lsn, index) => [lsn, `<lsn ${index}>`]));
}

function comparableBody(body: unknown): unknown {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  if (text === "") return "";
  const labels = lsnLabels(text);
  const parsed: unknown = JSON.parse(text, (key, value: unknown) => comparableValue(key, value, labels));
  if (!Array.isArray(parsed)) return parsed;
  // The fixture keeps the first and the last two of the many messages of one exchange.
  if (typeof parsed[0] === "string") return parsed.slice(1);
  return parsed.length > 100 ? [parsed[0], ...parsed.slice(-2)] : parsed;
}

function comparableValue(key: string, value: unknown, labels: Map<string, string>): unknown {
  if (key === "lsn" && typeof value === "string") return labels.get(value);
  if (key === "xmin" || key === "xmax" || key === "global_last_seen_lsn") return /^\d+$/.test(String(value));
  if (key === "txids" && Array.isArray(value)) return value.map((id) => typeof id);
  return value;
}
