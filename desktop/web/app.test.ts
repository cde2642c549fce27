import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ConnectedTill } from "../connect.ts";
import type { TillEvent } from "../protocol.ts";
import { createWebShell } from "./app.ts";

/** The shell over a till that answers with what it was asked; the till itself is tested elsewhere. */
async function shell() {
  const page = mkdtempSync(join(tmpdir(), "paypost-page-"));
  writeFileSync(join(page, "index.html"), "<!doctype html><title>the page</title>");
  const listeners = new Set<(event: TillEvent) => void>();
  const asked: [string, unknown][] = [];
  const till: ConnectedTill = {
    async ask(name, payload) {
      asked.push([name, payload]);
      return { ok: true, result: { ok: true } };
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {},
    failed: new Promise(() => {}),
  };
  let origin = "";
  const made = createWebShell({ till, page, origin: () => origin });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve(
      { fetch: made.app.fetch, hostname: "127.0.0.1", port: 0 },
      ({ port }: AddressInfo) => {
        origin = `http://127.0.0.1:${port}`;
        resolve(listening);
      },
    );
  });
  onTestFinished(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
    rmSync(page, { recursive: true });
  });
  const open = async (): Promise<string> => {
    const response = await fetch(made.invite());
    return response.headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  const ask = (headers: Record<string, string>, body = "{}") =>
    fetch(`${origin}/ask/state`, { method: "POST", headers, body });
  const usual = async () => ({ cookie: await open(), origin, "content-type": "application/json" });
  return { origin, invite: () => made.invite(), open, ask, usual, asked, listeners };
}

test("W1: an address opens the page once, for a cookie that scripts cannot read and other pages do not send", async () => {
  const { invite } = await shell();
  const address = invite();
  const first = await fetch(address);
  expect(first.status).toBe(200);
  expect(first.headers.get("set-cookie")).toMatch(
    /^paypost-page=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const second = await fetch(address);
  expect([second.status, second.headers.get("set-cookie")]).toEqual([403, null]);
});

test("W1: an address that was not used within a quarter of an hour opens nothing", async () => {
  const { invite } = await shell();
  const address = invite();
  vi.useFakeTimers({ now: Date.now() + 15 * 60_000 + 1, toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  expect((await fetch(address)).status).toBe(403);
});

test.each(["/", "/index.html", "/events", "/anything"])(
  "W1: %s without the cookie is refused",
  async (path) => {
    const { origin, open } = await shell();
    expect((await fetch(origin + path)).status).toBe(401);
    expect((await fetch(origin + path, { headers: { cookie: "paypost-page=made-up" } })).status).toBe(401);
    await open();
    expect((await fetch(origin + path)).status).toBe(401);
  },
);

test("W1: without the cookie nothing is asked of the till", async () => {
  const { ask, origin, asked } = await shell();
  expect((await ask({ origin, "content-type": "application/json" })).status).toBe(401);
  expect(asked).toEqual([]);
});

test("with the cookie the page is served, under a policy that lets it load nothing from elsewhere", async () => {
  const { origin, open } = await shell();
  const page = await fetch(origin, { headers: { cookie: await open() } });
  expect(await page.text()).toContain("the page");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(page.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(page.headers.get("cache-control")).toBe("no-store");
});

test("what the page asks reaches the till, and its answer the page; what is no JSON is malformed there", async () => {
  const { ask, usual, asked } = await shell();
  const headers = await usual();
  expect(await (await ask(headers, `{"a":1}`)).json()).toEqual({ ok: true, result: { ok: true } });
  await ask(headers, "{");
  expect(asked).toEqual([
    ["state", { a: 1 }],
    ["state", undefined],
  ]);
});

test("W2: a request under another name of this machine is refused, cookie or not (DNS rebinding)", async () => {
  const { origin, open, asked } = await shell();
  const cookie = await open();
  for (const host of ["evil.example", `localhost:${new URL(origin).port}`]) {
    const status = await new Promise((resolve, reject) => {
      const headers = { host, cookie, origin, "content-type": "application/json" };
      const request = httpRequest(`${origin}/ask/state`, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject).end("{}");
    });
    expect(status, host).toBe(421);
  }
  expect(asked).toEqual([]);
});

test.each<[string, (own: string) => Record<string, string>]>([
  ["another origin", () => ({ origin: "https://evil.example" })],
  ["the same address under TLS", (own) => ({ origin: own.replace("http:", "https:") })],
  ["no origin", () => ({})],
  ["an opaque origin", () => ({ origin: "null" })],
  [
    "its own origin, though the browser says that another site sends it",
    (own) => ({ origin: own, "sec-fetch-site": "cross-site" }),
  ],
])("W2: a request from %s is refused", async (_, headersFor) => {
  const { ask, open, origin, asked } = await shell();
  const headers = { cookie: await open(), "content-type": "application/json", ...headersFor(origin) };
  expect((await ask(headers)).status).toBe(403);
  expect(asked).toEqual([]);
});

test("a form of another page can send no request: its content types are refused", async () => {
  const { ask, usual, asked } = await shell();
  const headers = await usual();
  for (const type of ["text/plain", "application/x-www-form-urlencoded"])
    expect((await ask({ ...headers, "content-type": type })).status).toBe(415);
  expect(asked).toEqual([]);
});

test("a body beyond four megabytes is refused before the till sees it", async () => {
  const { ask, usual, asked } = await shell();
  const response = await ask(await usual(), `"${"a".repeat(4_000_001)}"`);
  expect(response.status).toBe(413);
  expect(asked).toEqual([]);
});

test("events come as they happen, and whoever goes away is told nothing more", async () => {
  const { origin, open, listeners } = await shell();
  const gone = new AbortController();
  const response = await fetch(`${origin}/events`, {
    headers: { cookie: await open() },
    signal: gone.signal,
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const reader = response.body?.getReader();
  const next = async () => new TextDecoder().decode((await reader?.read())?.value);
  expect(await next()).toBe("data: changed\n\n");
  for (const listener of listeners) listener("changed");
  expect(await next()).toBe("data: changed\n\n");
  gone.abort();
  await expect.poll(() => listeners.size, { timeout: 20_000 }).toBe(0);
});
