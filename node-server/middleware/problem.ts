/** Errors that a caller sees, and the one place where they become HTTP (GovStack Payments BB, general rules). */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

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
