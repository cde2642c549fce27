/** Whether there is a connection, as the head line says it: what really happened, and not what was once so. */
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { openDesk, openDeskWithAnn, passphrase, startServer } from "../../../test/support/desk.ts";
import type { TestDesk } from "../../../test/support/desk.ts";
import { watchLink } from "../watch-link.ts";

const online = async (desk: TestDesk) => (await desk.ask("state", {})).sync?.online;
const who = { serial: "12", identity: "NIN-1", secret: null };

afterEach(() => void vi.useRealTimers());

describe("the head line", () => {
  test("says no connection as soon as a request fails, whatever was asked", async () => {
    const server = await startServer();
    const desk = await openDeskWithAnn(server);
    expect(await online(desk)).toBe(true);
    await server.close();
    expect(await desk.ask("authenticate", who)).toMatchObject({ code: "unreachable" });
    expect(await online(desk)).toBe(false);
  });

  test("says it when the live request breaks off, though nobody asks for anything", async () => {
    const server = await startServer();
    const desk = await openDesk();
    await desk.ask("enrol", { serverUrl: server.url, code: "GOOD-CODE", passphrase });
    await expect
      .poll(() => server.requests.filter((one) => one.endsWith("/signals")).length)
      .toBeGreaterThan(1);
    await expect.poll(() => online(desk)).toBe(true);
    await server.close();
    await expect.poll(() => online(desk), { timeout: 5000 }).toBe(false);
  });

  test("says neither when the last contact is long ago, as on a till that asks on request only", async () => {
    const desk = await openDeskWithAnn(await startServer());
    desk.clock.pass(119_000);
    expect(await online(desk)).toBe(true);
    desk.clock.pass(1000);
    expect(await online(desk)).toBeNull();
    await desk.ask("sync", {});
    expect(await online(desk)).toBe(true);
  });

  test("is connected with a server that refuses, and not with a go-between that has none", async () => {
    const server = await startServer();
    const desk = await openDeskWithAnn(server);
    const answering = (status: number) => {
      server.intercept = ({ url }, response) => {
        if (url !== "/v1/authentications") return false;
        response.writeHead(status).end("{}");
        return true;
      };
    };
    answering(403);
    await desk.ask("authenticate", who);
    expect(await online(desk)).toBe(true);
    answering(502);
    await desk.ask("authenticate", who);
    expect(await online(desk)).toBe(false);
  });
});

describe("a request", () => {
  const never: typeof fetch = (_input, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error), { once: true });
    });

  test("that nothing answers is given up, and is told as a failure", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const told: boolean[] = [];
    const asked = watchLink(never, { tell: (isReached) => told.push(isReached) })("http://127.0.0.1/");
    const failure = asked.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(45_000);
    expect(await failure).toMatchObject({ name: "TimeoutError" });
    expect(told).toEqual([false]);
  });

  test("that its own caller gives up says nothing of the connection", async () => {
    const told: boolean[] = [];
    const caller = new AbortController();
    const watched = watchLink(never, { tell: (isReached) => told.push(isReached) });
    const asked = watched("http://127.0.0.1/", { signal: caller.signal });
    caller.abort();
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    expect(told).toEqual([]);
  });
});
