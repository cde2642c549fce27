/** How the G2P calls of the 1.0 API answer, errors included: `{ResponseCode, ResponseDescription, RequestID}`. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import type { CallerVariables } from "../middleware/caller.ts";
import { Problem } from "../middleware/problem.ts";

export function said(
  c: Context,
  status: number,
  ResponseCode: "00" | "01",
  description: string,
  RequestID: string,
): Response {
  return c.json(
    { ResponseCode, ResponseDescription: description.slice(0, 200), RequestID },
    status as ContentfulStatusCode,
  );
}

/** Whatever the handlers and the guard of these routes throw is told in this form. */
export function answerErrors(routes: OpenAPIHono<CallerVariables>, log: Logger): void {
  routes.onError(async (error, c) => {
    if (!(error instanceof Problem))
      log.error({ err: error, method: c.req.method, path: c.req.path }, "a request failed");
    const problem =
      error instanceof Problem
        ? error
        : new Problem(500, "The server failed; nothing was half-done, try again");
    return said(c, problem.status, "01", problem.message, await requestIdOf(c));
  });
}

/** Echoed as far as there is one, also where the rest of the body is wrong. */
export async function requestIdOf(c: Context): Promise<string> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const id = typeof body === "object" && body !== null && "RequestID" in body ? body.RequestID : "";
  return typeof id === "string" ? id.slice(0, 64).toWellFormed() : "";
}
