/** What the calls of nodes share: the session they are under, and how they are refused. */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { nodeOfSession } from "../nodes/sessions.ts";
import type { NodeRow, Store } from "../ports/store.ts";

/** The node whose session the request is under. */
export async function nodeOfCall(deps: { readonly store: Store }, c: Context): Promise<NodeRow | undefined> {
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !token) return undefined;
  return nodeOfSession(deps.store, token);
}

/** For what only an active node may ask: its session, and a body that is what the call takes. */
export async function askedByActiveNode<T>(
  deps: { readonly store: Store },
  c: Context,
  schema: z.ZodType<T>,
  answer: (node: NodeRow, body: T) => Promise<Response>,
): Promise<Response> {
  const node = await nodeOfCall(deps, c);
  if (!node) return noSession(c);
  if (node.status !== "active") return refuse(c, 403, `node-${node.status}`, `This node is ${node.status}`);
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success) return refuse(c, 400, "malformed", "The body is not what this call takes");
  return answer(node, parsed.data);
}

export function noSession(c: Context): Response {
  return refuse(c, 401, "no-session", "The session token is missing or has run out; open a new session");
}

export function refuse(c: Context, status: ContentfulStatusCode, code: string, message: string): Response {
  return c.json({ code, message }, status);
}
