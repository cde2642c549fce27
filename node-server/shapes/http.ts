/**
 * Electric's HTTP protocol around a shape source: statuses, headers and messages as the real service gives them (the
 * exchanges in test/fixtures/electric-exchanges.json were captured from it), with these differences:
 * - answers belong to one node, so what Electric lets shared caches keep (`public`, `s-maxage`) is `private` here, and
 *   `Vary` names Authorization: a cache between server and nodes must never give one node the rows of another;
 * - a shape is named by the path, and a parameter that would define one is refused, as is one that is given twice;
 * - only reading methods are offered, and a body is refused;
 * - no page of another origin may read an answer: nodes are no pages, so there are no CORS headers.
 */
import { parseShapeRequest, type RequestErrors } from "./request.ts";
import type { ShapeAnswer, ShapeRequest, ShapeSource, UnavailableCode } from "./source.ts";

/** `nodeId` is the node that the request was authenticated as; `shape` comes from the path. */
export async function answerShapeRequest(
  source: ShapeSource,
  request: Request,
  reader: { readonly shape: string; readonly nodeId: string },
): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return notAllowed();
  if (hasBody(request)) return invalid({ body: ["is not read"] });
  const asked = parseShapeRequest(new URL(request.url).searchParams, reader);
  if ("errors" in asked) return invalid(asked.errors);
  try {
    return await toResponse(request, asked, await source.fetch(asked, request.signal));
  } catch (error) {
    // The client has gone; nobody reads this (the status is the one that servers log for it).
    if (request.signal.aborted) return new Response(null, { status: 499 });
    throw error;
  }
}

async function toResponse(request: Request, asked: ShapeRequest, answer: ShapeAnswer): Promise<Response> {
  switch (answer.kind) {
    case "invalid":
      return invalid(answer.errors);
    case "unknown-shape":
      return json(404, { "cache-control": "no-store" }, { message: "Not found" });
    case "must-refetch":
      return mustRefetch(request, answer.handle);
    case "unavailable":
      return unavailable(answer);
    case "messages":
      return messages(request, asked, answer);
    default:
      return answer satisfies never;
  }
}

async function messages(
  request: Request,
  asked: ShapeRequest,
  answer: ShapeAnswer & { kind: "messages" },
): Promise<Response> {
  const etag = etagOf(asked, answer);
  const unmodified = wasGiven(request, etag);
  const headers = headersOf({
    "cache-control": cacheControl(asked),
    "electric-handle": answer.handle,
    "electric-has-data": String(answer.hasData),
    "electric-offset": answer.offset,
    etag,
    ...(asked.live && { "electric-cursor": nextCursor(asked.cursor) }),
    ...(!asked.live && !unmodified && { "electric-schema": answer.schema }),
    ...(answer.upToDate && { "electric-up-to-date": "" }),
  });
  if (!unmodified && request.method !== "HEAD") return withBody(answer.body, headers);
  if (typeof answer.body !== "string") await answer.body.cancel();
  return new Response(null, { status: unmodified ? 304 : 200, headers });
}

/** What is there as a whole comes with its length, so that a node counts it without looking at what arrives. */
function withBody(body: string | ReadableStream<Uint8Array>, headers: Headers): Response {
  if (typeof body !== "string") return new Response(body, { headers });
  const bytes = new TextEncoder().encode(body);
  headers.set("content-length", String(bytes.length));
  return new Response(bytes, { headers });
}

function mustRefetch(request: Request, handle: string | undefined): Response {
  const headers = headersOf({
    "cache-control": `private, max-age=${handle ? 60 : 1}, must-revalidate`,
    ...(handle && { "electric-handle": handle, etag: `"${handle}::"` }),
  });
  const body = JSON.stringify([{ headers: { control: "must-refetch" } }]);
  return new Response(request.method === "HEAD" ? null : body, { status: 409, headers });
}

/** Clients try again after both statuses; the code tells an operator what to look at. */
const unavailableAs: Readonly<
  Record<UnavailableCode, { readonly status: 502 | 503; readonly message: string }>
> = {
  "electric-unreachable": { status: 503, message: "The Electric service cannot be reached" },
  "electric-not-ready": { status: 503, message: "The Electric service is starting or has too much to do" },
  "electric-too-old": { status: 502, message: "The Electric service is older than 1.7.12" },
  "electric-refused": { status: 502, message: "The Electric service does not accept this server" },
  "electric-failed": { status: 502, message: "The Electric service gave no answer that can be used" },
  "server-busy": { status: 503, message: "This server holds other requests of the node, or is stopping" },
};

function unavailable({ code, retryAfterSeconds = 5 }: ShapeAnswer & { kind: "unavailable" }): Response {
  const { status, message } = unavailableAs[code];
  const headers = { "cache-control": "no-store", "retry-after": String(retryAfterSeconds) };
  return json(status, headers, { code, message });
}

function hasBody({ headers }: Request): boolean {
  return (headers.get("content-length") ?? "0") !== "0" || headers.has("transfer-encoding");
}

function invalid(errors: RequestErrors): Response {
  return json(400, { "cache-control": "no-store" }, { message: "Invalid request", errors });
}

function notAllowed(): Response {
  return json(405, { "cache-control": "no-store", allow: methods }, { message: "Method not allowed" });
}

function json(status: number, headers: Record<string, string>, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: headersOf(headers) });
}

const methods = "GET, HEAD";
const serverName = "Paypost";

function headersOf(more: Record<string, string>): Headers {
  return new Headers({
    "content-type": "application/json; charset=utf-8",
    "electric-server": serverName,
    vary: "accept-encoding, Authorization",
    ...more,
  });
}

function cacheControl({ offset, live }: ShapeRequest): string {
  if (offset === "-1") return "private, max-age=604800, stale-while-revalidate=2629746";
  if (live) return "private, max-age=5, stale-while-revalidate=5";
  return "private, max-age=60, stale-while-revalidate=300";
}

function etagOf({ offset }: ShapeRequest, answer: ShapeAnswer & { kind: "messages" }): string {
  const tag = `${answer.handle}:${offset}:${answer.offset}`;
  // An answer that says "nothing yet" must never be found unchanged: the next request has to be held again.
  return answer.hasData ? `"${tag}"` : `"${tag}:${performance.now()}"`;
}

function wasGiven(request: Request, etag: string): boolean {
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  return known.some((tag) => tag.trim() === etag);
}

/** Electric counts the cursor in seconds since this day. */
const cursorEpochMs = Date.UTC(2024, 9, 9);

const stepSeconds = 20;

/** The end of the current interval; if that was told already, one by chance, so that caches see a new request. */
function nextCursor(previous: string | undefined): string {
  const next = Math.ceil((Date.now() - cursorEpochMs) / 1_000 / stepSeconds) * stepSeconds;
  if (String(next) !== previous) return String(next);
  return String(next + 1 + Math.floor(Math.random() * 3_600));
}
