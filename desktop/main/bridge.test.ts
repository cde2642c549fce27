/** Electron's ipcMain and its events are simulated; the bridge and what it hands on are real. */
import type { IpcMain } from "electron";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { mostRequestBytes } from "../page-policy.ts";
import type { Answer } from "../protocol.ts";
import { askChannel } from "../preload/channels.ts";
import { serveBridge } from "./bridge.ts";
import { pageUrl } from "./page-scheme.ts";

const done: Answer = { ok: true, result: { ok: true } };
const ask = vi.fn<(name: string, payload: unknown) => Promise<Answer>>();
type Handler = (event: unknown, name: unknown, payload: unknown) => Promise<Answer> | Answer;
const handlers = new Map<string, Handler>();
const ipcMain = { handle: (channel: string, handler: Handler) => void handlers.set(channel, handler) };
serveBridge(ipcMain as unknown as IpcMain, { ask });
beforeEach(() => ask.mockReset().mockResolvedValue(done));

const frame = { parent: null, url: pageUrl, origin: "app://paypost" };
const own = { senderFrame: frame, sender: { mainFrame: frame } };
const send = async (event: unknown, name: unknown, payload: unknown) =>
  await handlers.get(askChannel)?.(event, name, payload);

test("a request of the page reaches the till as plain data, and its answer comes back", async () => {
  expect(await send(own, "sign-in", `{"cashier":1,"pin":"2468"}`)).toEqual(done);
  expect(ask).toHaveBeenCalledWith("sign-in", { cashier: 1, pin: "2468" });
});

describe("E5: only the window's own page is listened to", () => {
  const inner = { ...frame, parent: frame };
  const elsewhere = { ...frame, url: "https://example.org/", origin: "https://example.org" };
  const opaque = { ...frame, origin: "null" };
  test.each([
    ["a frame that is gone", { ...own, senderFrame: null }],
    ["a frame inside the page", { ...own, senderFrame: inner }],
    ["another address", { senderFrame: elsewhere, sender: { mainFrame: elsewhere } }],
    ["a sandboxed frame without an origin", { senderFrame: opaque, sender: { mainFrame: opaque } }],
    ["a frame of another window", { senderFrame: { ...frame }, sender: { mainFrame: frame } }],
  ])("not to %s", async (_who, event) => {
    expect(await send(event, "state", "{}")).toMatchObject({ ok: false, code: "malformed" });
    expect(ask).not.toHaveBeenCalled();
  });
});

describe("E6: a message is a name and JSON text of bounded length", () => {
  test.each([
    ["no name", undefined, "{}"],
    ["an object for a name", {}, "{}"],
    ["a name without end", "x".repeat(41), "{}"],
    ["no payload", "state", undefined],
    ["an object for a payload", "state", {}],
    ["text that is not JSON", "state", "{"],
    ["more than any request needs", "import", JSON.stringify("x".repeat(mostRequestBytes))],
  ])("not %s", async (_what, name, payload) => {
    expect(await send(own, name, payload)).toMatchObject({ ok: false, code: "malformed" });
    expect(ask).not.toHaveBeenCalled();
  });
});
