/** Which servers a node talks to at all: those with TLS, and one on the same machine (design: "Kept and watched"). */

export type ServerUrl =
  | { readonly ok: true; readonly url: string }
  | {
      readonly ok: false;
      readonly refusal: { readonly code: "malformed-server-url" | "server-without-tls" };
    };

/** Gives the address without a trailing slash. */
export function parseServerUrl(text: string): ServerUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol) || url.search || url.hash || url.username) {
    return { ok: false, refusal: { code: "malformed-server-url" } };
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return { ok: false, refusal: { code: "server-without-tls" } };
  }
  return { ok: true, url: url.href.replace(/\/+$/, "") };
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.[0-9]{1,3}){3}$/.test(hostname);
}
