/** How the G2P calls of the 1.0 API answer, errors included: `{ResponseCode, ResponseDescription, RequestID}`. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { CallerVariables } from "../middleware/caller.ts";
import { problemOf } from "../middleware/problem.ts";
import type { ErrorWatch } from "../middleware/problem.ts";

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
export function answerErrors(routes: OpenAPIHono<CallerVariables>, watch: ErrorWatch): void {
  routes.onError((error, c) => errorSaid(watch, error, c));
}

export async function errorSaid(watch: ErrorWatch, error: Error, c: Context): Promise<Response> {
  const problem = problemOf(watch, error, c);
  // A body that is not to be read may never come.
  const isUnread = problem.status === 413 || problem.status === 429;
  return said(c, problem.status, "01", problem.message, isUnread ? "" : await requestIdOf(c));
}

/** Echoed as far as there is one, also where the rest of the body is wrong. */
export async function requestIdOf(c: Context): Promise<string> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const id = typeof body === "object" && body !== null && "RequestID" in body ? body.RequestID : "";
  return typeof id === "string" ? id.slice(0, 64).toWellFormed() : "";
}
