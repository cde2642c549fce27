/** Errors that a caller sees, and the one place where they become HTTP (GovStack Payments BB, general rules). */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";

export interface FieldError {
  readonly field: string;
  readonly reason: string;
}

/** Thrown by a handler to refuse a request; nothing of it is stored. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode;
  readonly errors: readonly FieldError[];
  readonly requestId: string | undefined;
  constructor(
    status: ContentfulStatusCode,
    message: string,
    errors: readonly FieldError[] = [],
    requestId?: string,
  ) {
    super(message);
    this.status = status;
    this.errors = errors;
    this.requestId = requestId;
  }
}

export interface ErrorWatch {
  readonly log: Logger;
  /** Whether an error says that the database cannot be reached now. */
  readonly isAway: (error: unknown) => boolean;
}

/** What is told of an error. One that nobody expected is told to the log, and to the caller only that there was one. */
export function problemOf({ log, isAway }: ErrorWatch, error: Error, c: Context): Problem {
  if (error instanceof Problem) return error;
  log.error({ err: error, method: c.req.method, path: c.req.path }, "a request failed");
  return isAway(error)
    ? new Problem(503, "The server cannot reach its database at the moment; nothing was half-done, try again")
    : new Problem(500, "The server failed; nothing was half-done, try again");
}

/** The error body of the current API; `/v1`, which only nodes call, says `{code, message}` instead. */
export function problemResponse(c: Context, problem: Problem): Response {
  return c.json(
    {
      responseCode: "01",
      responseDescription: problem.message.slice(0, 200),
      ...(problem.requestId === undefined ? {} : { requestID: problem.requestId }),
      errors: problem.errors,
    },
    problem.status,
  );
}
