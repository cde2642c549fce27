/** Which URLs the server may call: a caller's own, and never an address inside our own network by default. */
import { isIP } from "node:net";
import { isPublicAddress } from "./callbacks/addresses.ts";
import { Problem } from "./middleware/problem.ts";
import type { Store } from "./ports/store.ts";

/** Throws the 400 that says why a callback URL is refused. */
export function createCallbackCheck(store: Store, allowPrivate: boolean) {
  return async (institutionId: string, url: string): Promise<void> => {
    const parsed = URL.parse(url);
    if (!parsed || !["http:", "https:"].includes(parsed.protocol))
      throw refused("must be an http or https URL");
    if (parsed.username !== "" || parsed.password !== "") throw refused("must not hold a user or password");
    if (!allowPrivate && parsed.protocol !== "https:") throw refused("must use https");
    if (!allowPrivate && isPrivateHost(parsed.hostname))
      throw refused("must not be a private or local address");
    const institution = await store.transaction((tx) => tx.registry.institution(institutionId));
    const base = institution?.callbackBaseUrl ? URL.parse(institution.callbackBaseUrl) : null;
    if (base && !isUnder(parsed, base))
      throw refused("must lie under the URL that the institution registered");
  };
}

/** Addresses that are not public, and names that never are (RFC 6761, 6762 and 8375); others are judged when they resolve. */
function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, "").toLowerCase();
  if (isIP(host) !== 0) return !isPublicAddress(host);
  return /(^|\.)(localhost|local|internal|home\.arpa)$/.test(host);
}

/** `/base` covers itself and what lies below it, but not `/base-elsewhere`. */
function isUnder(url: URL, base: URL): boolean {
  const folder = base.pathname.replace(/\/+$/, "");
  return url.origin === base.origin && (url.pathname === folder || url.pathname.startsWith(`${folder}/`));
}

function refused(reason: string): Problem {
  return new Problem(400, `Header X-Callback-URL ${reason}`, [{ field: "X-Callback-URL", reason }]);
}
