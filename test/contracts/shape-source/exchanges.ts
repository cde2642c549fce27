/**
 * Replays the exchanges that were captured from the real Electric service. Handles, positions, transaction ids and
 * cursors differ from run to run, so they are compared by the places where they come back.
 */
import { expect, test } from "vitest";
import type { Exchange } from "../../support/captured-exchanges.ts";
import { ask } from "./subject.ts";
import type { ShapeSourceSubject } from "./subject.ts";

/** These ask for a shape of their own making, which no node may. */
const definesShape = new Set(["unknown table", "bad where"]);

export function describeExchanges(exchanges: readonly Exchange[], subject: () => ShapeSourceSubject): void {
  const known: Known = { handles: new Map(), offsets: new Map(), etags: new Map() };
  for (const exchange of exchanges) {
    // Pages of other origins are answered by Electric, and not here.
    if (exchange.request.method === "OPTIONS") continue;
    if (definesShape.has(exchange.name)) testRefusal(exchange, subject);
    else testExchange(exchange, known, subject);
  }
}

/** What the captured requests hold, in terms of this run. */
interface Known {
  readonly handles: Map<string, string>;
  readonly offsets: Map<string, string>;
  readonly etags: Map<string, string>;
}

function testExchange(exchange: Exchange, known: Known, subject: () => ShapeSourceSubject): void {
  test(`answers as Electric does: ${exchange.name}`, async () => {
    const { method, query, headers } = exchange.request;
    const { address, hastyAddress } = subject();
    const nothingHappens = query["live"] === "true" && !exchange.during;
    const request = () =>
      ask(nothingHappens ? hastyAddress : address, {
        method,
        nodeId: query["params[1]"] ?? "",
        query: ownQuery(query, known),
        headers: ownHeaders(headers, known),
      });
    const response = exchange.during
      ? await subject().commitWhileHeld(exchange.during, request)
      : await request();
    const text = await response.text();
    remember(known, exchange.response.headers, response.headers);
    expect(response.status).toBe(exchange.response.status);
    const own = comparableHeaders(Object.fromEntries(response.headers), lsnLabels(text));
    expect(own).toEqual(
      comparableHeaders(
        asServedHere(exchange, subject().isNowSnapshotEnd),
        lsnLabels(JSON.stringify(exchange.response.body)),
      ),
    );
    expect(comparableBody(text)).toEqual(comparableBody(exchange.response.body));
  });
}

function testRefusal(exchange: Exchange, subject: () => ShapeSourceSubject): void {
  test(`refuses a request that defines a shape: ${exchange.name}`, async () => {
    const query = new URLSearchParams(exchange.request.query);
    const response = await ask(subject().address, { nodeId: "n1", query });
    expect(response.status).toBe(exchange.response.status);
    expect(await response.json()).toMatchObject({
      message: "Invalid request",
      errors: { table: ["is decided by the server"] },
    });
  });
}

const shapeParameters = new Set(["table", "where", "params[1]", "replica", "columns"]);

function ownQuery(query: Readonly<Record<string, string>>, { handles, offsets }: Known): URLSearchParams {
  const own = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (shapeParameters.has(name)) continue;
    const known = name === "handle" ? handles : name === "offset" ? offsets : undefined;
    own.set(name, known?.get(value) ?? value);
  }
  return own;
}

function ownHeaders(headers: Readonly<Record<string, string>>, { etags }: Known): Record<string, string> {
  const known = headers["if-none-match"];
  return known === undefined ? { ...headers } : { ...headers, "if-none-match": etags.get(known) ?? known };
}

function remember(
  { handles, offsets, etags }: Known,
  theirs: Readonly<Record<string, string>>,
  own: Headers,
): void {
  const remembered = [
    [handles, "electric-handle"],
    [offsets, "electric-offset"],
    [etags, "etag"],
  ] as const;
  for (const [known, name] of remembered) {
    const value = theirs[name];
    // Electric gives a handle to all who read the same shape; elsewhere each snapshot may have its own, and the first counts.
    if (value !== undefined && !known.has(value)) known.set(value, own.get(name) ?? "");
  }
}

/** What differs on purpose; see the module's header in http.ts. */
function asServedHere(
  { request, response: { headers } }: Exchange,
  isNowSnapshotEnd: boolean,
): Record<string, string> {
  const cache = headers["cache-control"]?.replace("public", "private").replace(" s-maxage=3600,", "");
  const crossOrigin = (name: string) => name.startsWith("access-control-");
  return {
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !crossOrigin(name))),
    ...(cache !== undefined && { "cache-control": cache }),
    ...(headers["vary"] !== undefined && { vary: "accept-encoding, Authorization" }),
    "electric-server": "Paypost",
    ...(isNowSnapshotEnd && request.query["offset"] === "now" && { "electric-offset": "0_inf" }),
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
  // Whoever else is writing to the same PostgreSQL is in this list.
  if (key === "xip_list" && Array.isArray(value)) return value.every((id) => /^\d+$/.test(String(id)));
  return value;
}
