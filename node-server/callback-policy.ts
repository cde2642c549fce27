/** Which URLs the server may call: a caller's own, and never an address inside our own network by default. */
import { isIP } from "node:net";
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
    const isUnderBase = !base || (parsed.origin === base.origin && parsed.pathname.startsWith(base.pathname));
    if (!isUnderBase) throw refused("must lie under the URL that the institution registered");
  };
}

/** Loopback, link-local and private ranges (RFC 1918, RFC 4193, RFC 3927), and names that stand for this machine. */
function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || host.endsWith(".localhost") || host.endsWith(".local")) return true;
  if (isIP(host) === 4) {
    return /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2[0-9]|3[01])\.|^100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\./.test(
      host,
    );
  }
  return isIP(host) === 6 && /^(::|f[cd]|fe[89ab])/.test(host);
}

function refused(reason: string): Problem {
  return new Problem(400, `Header X-Callback-URL ${reason}`, [{ field: "X-Callback-URL", reason }]);
}
