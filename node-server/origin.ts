/**
 * From where the change is asked for that is being made (GovStack Payments BB, section 6.12: audit logging): the network
 * address of the request that is answered. What runs by itself has none.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { hostname, userInfo } from "node:os";
import type { MiddlewareHandler } from "hono";
import type { CallerVariables } from "./middleware/caller.ts";

const origins = new AsyncLocalStorage<string>();

/** The address that `findPeer` has found counts for all that the request does. */
export const rememberOrigin: MiddlewareHandler<CallerVariables> = (c, next) =>
  origins.run(c.get("address"), next);

/** Null where nobody asked, or the runtime knows no address. */
export function currentOrigin(): string | null {
  return origins.getStore() || null;
}

/** Of a process that one person runs: its machine, and who runs it there. */
export function commandLineOrigin(): string {
  return `cli:${userInfo().username}@${hostname()}`;
}
