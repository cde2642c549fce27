/** What the calls of nodes share: the session they are under, and how they are refused. */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { readJson } from "../middleware/body.ts";
import { problemOf } from "../middleware/problem.ts";
import type { ErrorWatch } from "../middleware/problem.ts";
import type { RateGuard } from "../middleware/rates.ts";
import { nodeOfSession } from "../nodes/sessions.ts";
import type { NodeRow, Store } from "../ports/store.ts";

export interface NodeCallDependencies {
  readonly store: Store;
  readonly rates: RateGuard;
}

/** The node whose session the request is under. Throws a 429 Problem where it, or its address, asks too often. */
export async function nodeOfCall(
  { store, rates }: NodeCallDependencies,
  c: Context,
): Promise<NodeRow | undefined> {
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  const isBearer = scheme?.toLowerCase() === "bearer" && token !== undefined && token !== "";
  const node = isBearer ? await nodeOfSession(store, token) : undefined;
  if (node) rates.node(c, node.id);
  else rates.address(c);
  return node;
}

/** For what only an active node may ask: its session, and a body that is what the call takes. */
export async function askedByActiveNode<T>(
  deps: NodeCallDependencies,
  c: Context,
  schema: z.ZodType<T>,
  answer: (node: NodeRow, body: T) => Promise<Response>,
): Promise<Response> {
  const node = await nodeOfCall(deps, c);
  if (!node) return noSession(c);
  if (node.status !== "active") return refuse(c, 403, `node-${node.status}`, `This node is ${node.status}`);
  const parsed = schema.safeParse(await readJson(c).catch(() => undefined));
  if (!parsed.success) return refuse(c, 400, "malformed", "The body is not what this call takes");
  return answer(node, parsed.data);
}

export function noSession(c: Context): Response {
  return refuse(c, 401, "no-session", "The session token is missing or has run out; open a new session");
}

export function refuse(c: Context, status: ContentfulStatusCode, code: string, message: string): Response {
  return c.json({ code, message }, status);
}

/** What was thrown, as nodes are told it. */
export function nodeError(watch: ErrorWatch, error: Error, c: Context): Response {
  const { status, message } = problemOf(watch, error, c);
  return refuse(c, status, codes[status] ?? "refused", message);
}

const codes: Partial<Record<ContentfulStatusCode, string>> = {
  413: "too-large",
  429: "too-many-requests",
  500: "failed",
  503: "unavailable",
};
