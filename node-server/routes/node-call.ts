/** What the calls of nodes share: the session they are under, and how they are refused. */
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

export function noSession(c: Context): Response {
  return refuse(c, 401, "no-session", "The session token is missing or has run out; open a new session");
}

export function refuse(c: Context, status: ContentfulStatusCode, code: string, message: string): Response {
  return c.json({ code, message }, status);
}
