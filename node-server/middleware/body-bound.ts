/**
 * The bound of request bodies, before any of it is read. A body without a length is counted as it comes, so that none is ever
 * held beyond the bound.
 */
import type { MiddlewareHandler } from "hono";
import { mostBodyBytes } from "./body.ts";
import { Problem } from "./problem.ts";

/** `larger` are the paths that take more than JSON; how much, they know themselves. Throws a 413 Problem. */
export function boundBody(larger: Readonly<Record<string, number>>): MiddlewareHandler {
  return async (c, next) => {
    const { method } = c.req.raw;
    if (method === "GET" || method === "HEAD") return next();
    const mostBytes = larger[c.req.path.replace(/\/$/, "")] ?? mostBodyBytes;
    const tooLarge = () => new Problem(413, `The body is larger than ${mostBytes} bytes`);
    // The runtime holds a body to the length that it was announced with.
    const length = c.req.header("content-length");
    if (length !== undefined && !c.req.header("transfer-encoding")) {
      if (Number(length) > mostBytes) throw tooLarge();
      return next();
    }
    const { body, url, headers, signal } = c.req.raw;
    if (!body) return next();
    const counted = body.pipeThrough(countBytes(mostBytes, tooLarge));
    const init = { method, headers, body: counted, signal, duplex: "half" };
    c.req.raw = new Request(url, init as RequestInit);
    return next();
  };
}

/** What is left of a body that was given up is not read: the connection ends, and no further request is sent into it. */
export const closeAfterTooLarge: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.status === 413) c.res.headers.set("connection", "close");
};

function countBytes(mostBytes: number, tooLarge: () => Error): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(piece, controller) {
      bytes += piece.length;
      if (bytes > mostBytes) controller.error(tooLarge());
      else controller.enqueue(piece);
    },
  });
}
