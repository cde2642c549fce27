/**
 * The shape source in front of a real Electric service (electric-sql.com, API of `GET /v1/shape`). A node's request is
 * read, never passed on: of it only the protocol's own values reach Electric, in a request that is written anew.
 *
 * What holds (the numbers are cited by the tests):
 * 1. Table, columns, where and `replica=full` come from the shape's definition and the authenticated node.
 * 2. No body, no header and no other parameter of the node reaches Electric; the secret reaches nobody but Electric.
 * 3. An Electric that lets requests past its secret (before 1.7.12) is not used.
 * 4. An answer that a client could not use is told as 502, an Electric that is away as 503.
 */
import type { ShapeDefinition, ShapeDefinitions } from "./definitions.ts";
import { shapeDefinitions } from "./definitions.ts";
import { electricAddress, isTooOld, probeElectric } from "./electric-version.ts";
import type { RunningShapeSource, ShapeAnswer, ShapeRequest, UnavailableCode } from "./source.ts";
import { createWaitingRoom, type Place, type WaitEnd } from "./waiting.ts";

export interface ElectricShapeSourceOptions {
  readonly url: string;
  readonly secret: string;
  readonly log: { warn(fields: object, message: string): void };
  readonly definitions?: ShapeDefinitions;
  /** Until an answer begins: Electric holds live requests for 20 s, and takes its time for a first snapshot. */
  readonly timeoutMs?: number;
  /** Requests of one node that are under way for one shape. */
  readonly maxHeld?: number;
}

export function createElectricShapeSource(options: ElectricShapeSourceOptions): RunningShapeSource {
  const { log, timeoutMs = 60_000, maxHeld = 4 } = options;
  const definitions: ShapeDefinitions = options.definitions ?? shapeDefinitions;
  const waiting = createWaitingRoom(maxHeld);
  const unavailable = (code: UnavailableCode, details: object = {}): ShapeAnswer => {
    log.warn({ code, ...details }, "Electric did not answer a shape");
    return { kind: "unavailable", code };
  };

  return {
    async fetch(request, signal) {
      const definition = Object.hasOwn(definitions, request.shape) ? definitions[request.shape] : undefined;
      if (!definition) return { kind: "unknown-shape" };
      const url = electricUrl(options, definition, request);
      const place = waiting.enter(`${request.shape}/${request.nodeId}`);
      const response = await askElectric(url, { place, timeoutMs }, signal);
      if (!(response instanceof Response)) return unavailable(response.code, response);
      const answer = await readAnswer(request, response);
      if (answer.kind !== "unavailable") return answer;
      if (!response.bodyUsed) await response.body?.cancel();
      const server = response.headers.get("electric-server");
      return { ...answer, ...unavailable(answer.code, { status: response.status, server }) };
    },
    start() {
      void warnUnlessUsable(options);
    },
    async close() {
      waiting.close();
    },
  };
}

/** An operator should not learn it from the first node that complains. */
async function warnUnlessUsable({ url, log }: ElectricShapeSourceOptions): Promise<void> {
  const probe = await probeElectric(url);
  if (probe !== "usable") log.warn({ probe }, "nodes cannot read until the Electric service is usable");
}

/** Everything that defines the shape is ours; the rest is the protocol's. */
export function electricUrl(
  { url, secret }: Pick<ElectricShapeSourceOptions, "url" | "secret">,
  { table, columns }: ShapeDefinition,
  request: ShapeRequest,
): URL {
  const asked = electricAddress(url, "v1/shape");
  const ours = {
    table,
    columns: Object.keys(columns).join(","),
    where: "node_id = $1",
    "params[1]": request.nodeId,
    replica: "full",
    secret,
  };
  const theirs = {
    offset: request.offset,
    handle: request.handle,
    live: request.live ? "true" : undefined,
    log: request.log === "full" ? undefined : request.log,
    cursor: request.cursor,
    expired_handle: request.expiredHandle,
    "cache-buster": request.cacheBuster,
  };
  for (const [name, value] of Object.entries({ ...theirs, ...ours })) {
    if (value !== undefined) asked.searchParams.set(name, value);
  }
  return asked;
}

interface NoAnswer {
  readonly code: UnavailableCode;
  readonly reason: string;
}

/** Rejects only when `signal` aborts, which also ends the reading of the answer's body. */
async function askElectric(
  url: URL,
  { place, timeoutMs }: { readonly place: Place; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<Response | NoAnswer> {
  const begun = new AbortController();
  const cut = new AbortController();
  let end: WaitEnd | undefined;
  const cutAtEnd = async () => {
    end = await place.next(timeoutMs, AbortSignal.any([signal, begun.signal]));
    cut.abort();
  };
  cutAtEnd().catch(() => {});
  try {
    // Elsewhere than to Electric the secret must not go.
    return await fetch(url, { redirect: "error", signal: AbortSignal.any([signal, cut.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    if (end === undefined) return { code: "electric-unreachable", reason: codeOf(error) };
    return { code: end === "timeout" ? "electric-unreachable" : "server-busy", reason: end };
  } finally {
    begun.abort();
    place.leave();
  }
}

async function readAnswer(request: ShapeRequest, response: Response): Promise<ShapeAnswer> {
  const { headers, status } = response;
  if (isTooOld(headers.get("electric-server"))) return { kind: "unavailable", code: "electric-too-old" };
  if (status === 200) return readMessages(request, response);
  if (status === 409) {
    await response.body?.cancel();
    const handle = headers.get("electric-handle");
    return { kind: "must-refetch", ...(handle !== null && { handle }) };
  }
  if (status === 400) return readRefusal(response);
  if (status === 401 || status === 403) return { kind: "unavailable", code: "electric-refused" };
  if (status === 429 || status === 503) {
    return { kind: "unavailable", code: "electric-not-ready", retryAfterSeconds: retryAfterOf(headers) };
  }
  return { kind: "unavailable", code: "electric-failed" };
}

/** Clients take a missing header for a proxy that swallows them, and stop for good; so they are told to come again. */
function readMessages({ live }: ShapeRequest, { headers, body }: Response): ShapeAnswer {
  const handle = headers.get("electric-handle");
  const offset = headers.get("electric-offset");
  const schema = headers.get("electric-schema") ?? (live ? "" : undefined);
  if (!handle || !offset || schema === undefined || !body) {
    return { kind: "unavailable", code: "electric-failed" };
  }
  return {
    kind: "messages",
    handle,
    offset,
    schema,
    body,
    upToDate: headers.has("electric-up-to-date"),
    hasData: headers.get("electric-has-data") !== "false",
  };
}

/** What is wrong with the node's own values is told to it. Anything else is wrong with ours, and none of its business. */
async function readRefusal(response: Response): Promise<ShapeAnswer> {
  const { errors } = (await response.json().catch(() => ({}))) as { readonly errors?: unknown };
  if (!isErrors(errors)) return { kind: "unavailable", code: "electric-failed" };
  return { kind: "invalid", errors };
}

function isErrors(value: unknown): value is Record<string, readonly string[]> {
  if (typeof value !== "object" || value === null) return false;
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(([name, texts]) => tellable.has(name) && isTexts(texts));
}

const tellable = new Set(["offset", "handle", "live", "log"]);

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function retryAfterOf(headers: Headers): number | undefined {
  const seconds = headers.get("retry-after") ?? "";
  return /^\d{1,4}$/.test(seconds) ? Number(seconds) : undefined;
}

/** Not the error's message, which may hold the URL, and with it the secret. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (typeof cause === "object" && cause !== null && "code" in cause) return String(cause.code);
  return cause instanceof Error ? cause.name : "unknown";
}
