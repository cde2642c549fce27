/**
 * The browser shell: the page and the till's requests on a loopback address, for a browser on the same machine.
 *
 * W1  Whoever opens the page must bring the token that the program printed; it is good once, for a cookie.
 * W2  Requests must be for this very address (against DNS rebinding) and come from its own page.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie, setCookie } from "hono/cookie";
import { streamSSE } from "hono/streaming";
import type { ConnectedTill } from "../connect.ts";
import { mostRequestBytes, pageHeaders } from "../page-policy.ts";

export interface WebShellParts {
  readonly till: ConnectedTill;
  /** The folder with the built page. */
  readonly page: string;
  /** `http://127.0.0.1:4100`, known once the port is. */
  readonly origin: () => string;
}

export interface WebShell {
  readonly app: Hono;
  /** A new address that opens the page once. */
  invite(): string;
}

const cookie = "paypost-page";
const inviteMinutes = 15;

export function createWebShell({ till, page, origin }: WebShellParts): WebShell {
  const invites = new Map<string, number>();
  const sessions = new Set<string>();
  const isSignedIn = (value: string | undefined) => value !== undefined && sessions.has(digest(value));
  const app = new Hono();

  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(pageHeaders)) context.header(name, value);
  });
  app.use(async (context, next) => {
    const own = new URL(origin());
    if (context.req.header("host") !== own.host) return context.text("This address is not served here.", 421);
    const from = context.req.header("origin");
    const site = context.req.header("sec-fetch-site");
    const isForeign =
      (from !== undefined && from !== own.origin) || (site !== undefined && site === "cross-site");
    const opensPage = context.req.path === "/open";
    if (isForeign && !(opensPage && from === undefined)) return context.text("Not from another page.", 403);
    return next();
  });

  app.get("/open", (context) => {
    const known = digest(context.req.query("token") ?? "");
    const until = [...invites].find(([hash]) => same(hash, known))?.[1];
    invites.delete(known);
    if (until === undefined || until < Date.now()) {
      return context.text("This address was used before, or is too old. Start the program again.", 403);
    }
    const value = randomBytes(32).toString("base64url");
    sessions.add(digest(value));
    setCookie(context, cookie, value, { httpOnly: true, sameSite: "Strict", path: "/" });
    // A page of its own: a redirect would carry the address that it came from, and a strict cookie would stay behind.
    return context.html(
      `<!doctype html><meta http-equiv="refresh" content="0;url=/"><link rel="icon" href="/icon.svg"><title>Paypost</title>`,
    );
  });

  app.use(async (context, next) => {
    if (!isSignedIn(getCookie(context, cookie))) {
      return context.text("Open this page with the address that the program printed.", 401);
    }
    return next();
  });

  app.post("/ask/:name", bodyLimit({ maxSize: mostRequestBytes }), async (context) => {
    if (context.req.header("origin") !== new URL(origin()).origin) return context.text("No origin.", 403);
    if (!context.req.header("content-type")?.startsWith("application/json"))
      return context.text("JSON.", 415);
    const payload = await context.req.json<unknown>().catch(() => undefined);
    return context.json(await till.ask(context.req.param("name"), payload));
  });

  app.get("/events", (context) =>
    streamSSE(context, async (stream) => {
      const ended = Promise.withResolvers<void>();
      const stopListening = till.listen((event) => void stream.writeSSE({ data: event }));
      stream.onAbort(() => ended.resolve());
      await stream.writeSSE({ data: "changed" });
      await ended.promise;
      stopListening();
    }),
  );

  app.get("*", serveStatic({ root: page }));

  return {
    app,
    invite() {
      const token = randomBytes(32).toString("base64url");
      invites.set(digest(token), Date.now() + inviteMinutes * 60_000);
      return `${origin()}/open?token=${token}`;
    },
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
