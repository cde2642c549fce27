/**
 * Reads the query of a shape request, with the refusals that Electric gives. Only the protocol's own parameters are taken:
 * whatever else is in the query might be meant to define a shape, and no node may do that.
 */
import { parseOffset } from "./offset.ts";
import type { ShapeRequest } from "./source.ts";

export type RequestErrors = Readonly<Record<string, readonly string[]>>;

const protocolParameters = new Set([
  "offset",
  "handle",
  "live",
  "cursor",
  "log",
  "expired_handle",
  "cache-buster",
]);

export function parseShapeRequest(
  query: URLSearchParams,
  { shape, nodeId }: { readonly shape: string; readonly nodeId: string },
): ShapeRequest | { readonly errors: RequestErrors } {
  const foreign = [...new Set(query.keys())].filter((name) => !protocolParameters.has(name));
  if (foreign.length > 0) {
    return { errors: Object.fromEntries(foreign.map((name) => [name, ["is decided by the server"]])) };
  }
  const repeated = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  if (repeated.length > 0) {
    return { errors: Object.fromEntries(repeated.map((name) => [name, ["is given more than once"]])) };
  }
  const offset = query.get("offset") ?? "";
  const handle = query.get("handle") ?? "";
  const live = query.get("live") ?? "false";
  const log = query.get("log") ?? "full";
  if (offset === "") return { errors: { offset: ["can't be blank"] } };
  if (live !== "true" && live !== "false") return { errors: { live: ["is invalid"] } };
  if (log !== "full" && log !== "changes_only") return { errors: { log: ["is invalid"] } };
  const parsed = parseOffset(offset);
  if (parsed === undefined) return { errors: { offset: ["has invalid format"] } };
  if (parsed === "before-all" || parsed === "now") {
    // A handle is left unread here: whoever begins anew is given a new one.
    if (live === "false") return { shape, nodeId, offset, live: false, log, ...passedOn(query) };
    const when = parsed === "now" ? "offset is 'now'" : "offset == -1";
    return { errors: { live: [`can't be true when ${when}`] } };
  }
  if (handle === "") return { errors: { handle: ["can't be blank when offset != -1"] } };
  return { shape, nodeId, offset, handle, live: live === "true", log, ...passedOn(query) };
}

function passedOn(query: URLSearchParams): Pick<ShapeRequest, "cursor" | "expiredHandle" | "cacheBuster"> {
  const cursor = query.get("cursor");
  const expiredHandle = query.get("expired_handle");
  const cacheBuster = query.get("cache-buster");
  return {
    ...(cursor !== null && { cursor }),
    ...(expiredHandle !== null && { expiredHandle }),
    ...(cacheBuster !== null && { cacheBuster }),
  };
}
