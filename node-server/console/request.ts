/** What every call of the console reads of its request: who calls, from where, and that it is our own page that does. */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { timingSafeEqual } from "node:crypto";
import type { CallerVariables } from "../middleware/caller.ts";
import { csrfTokenOf, sessionSeconds } from "../operators/sessions.ts";

export type ConsoleContext = Context<CallerVariables>;

const sessionCookie = "paypost-console";
const cookiePath = "/console";

export function fromOf(c: ConsoleContext): string {
  return c.get("address") || "unknown";
}

export function sessionIdOf(c: ConsoleContext): string | undefined {
  return getCookie(c, sessionCookie);
}

export function setSession(c: ConsoleContext, sessionId: string): void {
  setCookie(c, sessionCookie, sessionId, {
    httpOnly: true,
    sameSite: "Strict",
    secure: isHttps(c),
    path: cookiePath,
    maxAge: sessionSeconds,
  });
}

export function dropSession(c: ConsoleContext): void {
  deleteCookie(c, sessionCookie, {
    path: cookiePath,
    secure: isHttps(c),
    httpOnly: true,
    sameSite: "Strict",
  });
}

/** Where the browser sees us: by TLS, if it says so itself or a proxy does. Whoever lies gets a cookie that is of no use to them. */
export function isHttps(c: ConsoleContext): boolean {
  const origin = c.req.header("origin");
  return (
    origin?.startsWith("https://") === true ||
    c.req.header("x-forwarded-proto") === "https" ||
    c.req.url.startsWith("https://")
  );
}

/** That it was sent by a page of this very server: browsers say where a POST comes from, and pages cannot change it. */
export function isFromOurPage(c: ConsoleContext): boolean {
  const origin = URL.parse(c.req.header("origin") ?? "");
  const site = c.req.header("sec-fetch-site");
  return origin?.host === c.req.header("host") && (site === undefined || site === "same-origin");
}

export function hasCsrfToken(c: ConsoleContext, sessionId: string): boolean {
  const given = Buffer.from(c.req.header("x-csrf-token") ?? "");
  const wanted = Buffer.from(csrfTokenOf(sessionId));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** What the page asks again and again by itself, without anybody having done anything. */
export function isLive(c: ConsoleContext): boolean {
  return c.req.header("x-live") === "1";
}

export function refuse(
  c: ConsoleContext,
  status: ContentfulStatusCode,
  refusal: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return c.json({ refusal, ...more }, status);
}

const mostBytes = 100_000;

/** Undefined where it is no JSON, or too much of it. */
export async function jsonOf(c: ConsoleContext): Promise<unknown> {
  const text = await c.req.text();
  if (text.length > mostBytes) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
