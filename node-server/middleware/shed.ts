/**
 * Backpressure: while too many wait for a connection to the database, whoever comes is refused at once, so that
 * those who wait are still answered in time, and nobody's request is kept in memory without end.
 */
import type { MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";

/** By then a server that can keep up has answered those who wait. */
const retryAfterSeconds = 1;

/** Throws a 503 Problem, with `Retry-After`, while `isCrowded`; nothing of the request was read. */
export function shedWhen(isCrowded: () => boolean): MiddlewareHandler {
  return async (c, next) => {
    if (!isCrowded()) return next();
    c.header("retry-after", String(retryAfterSeconds));
    throw new Problem(503, "The server has too much to do at the moment; nothing was done, try again");
  };
}
