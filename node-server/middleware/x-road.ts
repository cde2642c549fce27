/**
 * A caller that comes by way of an X-Road security server, which has authenticated it and says who it is (X-Road: Message Protocol
 * for REST, `X-Road-Client`). The header is anybody's word unless the connection is a security server's own.
 */
import type { Context } from "hono";
import { formatXRoadClient } from "../x-road-client.ts";
import type { CallerVariables, ProvenCaller } from "./caller.ts";
import { Problem } from "./problem.ts";

/** The institution that a client of X-Road is, and what it may do. */
export type FindXRoadClient = (
  client: string,
) => Promise<{ readonly institutionId: string; readonly scopes: readonly string[] } | undefined>;

/** Undefined without the header. Throws 403 where it is not believed, or names nobody. */
export async function xRoadCaller(
  find: FindXRoadClient,
  c: Context<CallerVariables>,
): Promise<ProvenCaller | undefined> {
  const named = c.req.header("x-road-client");
  if (named === undefined) return undefined;
  if (!c.get("isFromXRoad"))
    throw new Problem(403, "X-Road-Client is taken from the X-Road security server only");
  const client = formatXRoadClient(named);
  const found = client === undefined ? undefined : await find(client);
  if (!client || !found) throw new Problem(403, "The X-Road client is not one of an institution here");
  return { ...found, callerName: client.slice(-50) };
}
