/**
 * Packed bodies of the nodes' calls, both ways (RFC 9110 section 8.4.1.3): bounded before and after they are unpacked,
 * since a node may be anybody's machine.
 */
import type { MiddlewareHandler } from "hono";
import { gunzip, gzip, leastBytesToPack, readAtMost } from "#sync/gzip.ts";
import { refuse } from "../routes/node-call.ts";

/** Unpacks what came packed. A body that is larger, packed or not, is refused with 413, an encoding other than gzip with 415. */
export function unpackRequest(mostBytes: number): MiddlewareHandler {
  return async (c, next) => {
    const { body, method } = c.req.raw;
    if (!body || method === "GET" || method === "HEAD") return next();
    const sent = await readAtMost(body, mostBytes);
    const tooLarge = () => refuse(c, 413, "too-large", `The body is larger than ${mostBytes} bytes`);
    if (!sent) return tooLarge();
    const encoding = c.req.header("content-encoding")?.trim().toLowerCase() ?? "identity";
    if (encoding === "identity") return withBody(c, sent, next);
    if (encoding !== "gzip") {
      return refuse(c, 415, "unknown-encoding", "The body is packed in a way that is not gzip");
    }
    const unpacked = await gunzip(sent, mostBytes);
    if (unpacked.ok) return withBody(c, unpacked.bytes, next);
    if (unpacked.refusal === "too-large") return tooLarge();
    return refuse(c, 400, "malformed", "The body says that it is packed with gzip, and cannot be unpacked");
  };
}

/** Packs an answer where the node takes it so. Shapes are left alone: their protocol is Electric's. */
export const packAnswer: MiddlewareHandler = async (c, next) => {
  await next();
  const accepts = c.req.header("accept-encoding") ?? "";
  if (c.req.path.startsWith("/v1/shapes/") || !/\bgzip\b/i.test(accepts)) return;
  const { status, headers } = c.res;
  if (c.res.body === null || headers.has("content-encoding")) return;
  const whole = new Uint8Array(await c.res.arrayBuffer());
  const isWorthIt = whole.length >= leastBytesToPack;
  const body = isWorthIt ? await gzip(whole) : whole;
  const kept = new Headers(headers);
  kept.delete("content-length");
  if (isWorthIt) kept.set("content-encoding", "gzip");
  kept.append("vary", "accept-encoding");
  c.res = undefined;
  c.res = new Response(Uint8Array.from(body), { status, headers: kept });
};

function withBody(c: Parameters<MiddlewareHandler>[0], body: Uint8Array, next: () => Promise<void>) {
  const headers = new Headers(c.req.raw.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  const { url, method, signal } = c.req.raw;
  c.req.raw = new Request(url, { method, headers, body: Uint8Array.from(body), signal });
  return next();
}
