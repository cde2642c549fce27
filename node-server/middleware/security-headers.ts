/**
 * What browsers are told with every answer, so that one that is tricked into asking this server can do little with it (OWASP
 * HTTP headers; Fetch standard). An answer that needs something else, as a page does, says so itself.
 */
import type { MiddlewareHandler } from "hono";

const headers: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  // Browsers heed it over TLS only.
  "strict-transport-security": "max-age=31536000",
  "cache-control": "no-store",
};

/** For a page of this server: its own scripts, styles and pictures, and nothing from elsewhere. */
export const pagePolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'";

export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(headers)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
};
