/** Electron's objects are simulated here: emitters and setters that keep what they were given, and nothing of Chromium. */
import { EventEmitter } from "node:events";
import type { Session, WebContents } from "electron";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { guardContents, guardSession } from "./guards.ts";
import { pageUrl } from "./page-scheme.ts";
import { windowOptions } from "./window-options.ts";

describe("E2: the window shows the page and nothing else", () => {
  let onOpen: (details: { readonly url: string }) => unknown = () => undefined;
  const contents = Object.assign(new EventEmitter(), {
    setWindowOpenHandler: (handler: typeof onOpen) => {
      onOpen = handler;
    },
  });
  guardContents(contents as unknown as WebContents);

  const isPrevented = (name: string, details: object): boolean => {
    const preventDefault = vi.fn<() => void>();
    contents.emit(name, { preventDefault, ...details });
    return preventDefault.mock.calls.length > 0;
  };

  test.each([
    "https://example.org/",
    "file:///etc/passwd",
    "data:text/html,x",
    "javascript:1",
    "app://other/",
  ])("%s is not navigated to", (url) => {
    expect(isPrevented("will-navigate", { url })).toBe(true);
    expect(isPrevented("will-redirect", { url })).toBe(true);
    expect(isPrevented("will-frame-navigate", { url, isMainFrame: true })).toBe(true);
  });

  test("the page may load itself anew, in its main frame only", () => {
    expect(isPrevented("will-navigate", { url: pageUrl })).toBe(false);
    expect(isPrevented("will-frame-navigate", { url: pageUrl, isMainFrame: true })).toBe(false);
    expect(isPrevented("will-frame-navigate", { url: pageUrl, isMainFrame: false })).toBe(true);
  });

  test("no window is opened and no other page embedded", () => {
    expect(onOpen({ url: pageUrl })).toEqual({ action: "deny" });
    expect(isPrevented("will-attach-webview", {})).toBe(true);
  });
});

type Handler = (...given: readonly unknown[]) => unknown;

/** Keeps the handlers by the name of the setter. */
function simulatedSession() {
  const handlers = new Map<string, Handler>();
  const keep = (name: string) => (handler: Handler) => void handlers.set(name, handler);
  const session = {
    setPermissionRequestHandler: keep("request"),
    setPermissionCheckHandler: keep("check"),
    setDevicePermissionHandler: keep("device"),
    setDisplayMediaRequestHandler: keep("display"),
    setSpellCheckerEnabled: (isOn: boolean) => void handlers.set("spell", () => isOn),
    on: (name: string, handler: Handler) => void handlers.set(name, handler),
    webRequest: { onBeforeRequest: keep("before") },
  };
  const call = (name: string, ...given: readonly unknown[]): unknown => handlers.get(name)?.(...given);
  return { session: session as unknown as Session, call };
}

let system: () => Promise<boolean> = () => Promise.resolve(true);
const { session, call } = simulatedSession();
guardSession(session, { mayUseCamera: () => system(), isPackaged: true });
beforeEach(() => {
  system = () => Promise.resolve(true);
});

const shown = { getURL: () => pageUrl };
const camera = { isMainFrame: true, requestingUrl: pageUrl, mediaTypes: ["video"] };
const request = (permission: string, details: object, contents: object = shown): Promise<boolean> =>
  new Promise((decide) => void call("request", contents, permission, decide, details));

describe("E3: of what asks for permission only the camera, for the page, is let through", () => {
  test("the page's main frame gets the camera", async () => {
    expect(await request("media", camera)).toBe(true);
    expect(call("check", null, "media", "app://paypost/", { isMainFrame: true, mediaType: "video" })).toBe(
      true,
    );
  });

  test.each([
    ["the microphone", { ...camera, mediaTypes: ["audio"] }],
    ["the microphone beside the camera", { ...camera, mediaTypes: ["video", "audio"] }],
    ["no device in particular", { ...camera, mediaTypes: [] }],
    ["a frame inside the page", { ...camera, isMainFrame: false }],
    ["another address", { ...camera, requestingUrl: "https://example.org/" }],
  ])("not for %s", async (_what, details) => {
    expect(await request("media", details)).toBe(false);
  });

  test("not for a window that shows something else", async () => {
    expect(await request("media", camera, { getURL: () => "https://example.org/" })).toBe(false);
  });

  test("not where the system says no, or fails", async () => {
    system = () => Promise.resolve(false);
    expect(await request("media", camera)).toBe(false);
    system = () => Promise.reject(new Error("no answer"));
    expect(await request("media", camera)).toBe(false);
  });

  test.each([
    "geolocation",
    "notifications",
    "clipboard-read",
    "fileSystem",
    "openExternal",
    "hid",
    "usb",
    "midi",
  ])("not %s", async (permission) => {
    expect(await request(permission, { isMainFrame: true, requestingUrl: pageUrl })).toBe(false);
    expect(call("check", null, permission, "app://paypost/", { isMainFrame: true })).toBe(false);
  });

  test.each([
    ["app://paypost/", { isMainFrame: true, mediaType: "audio" }],
    ["app://paypost/", { isMainFrame: false, mediaType: "video" }],
    ["https://example.org/", { isMainFrame: true, mediaType: "video" }],
  ])("nor does a check pass from %s with %o", (origin, details) => {
    expect(call("check", null, "media", origin, details)).toBe(false);
  });

  test("no device and no picture of the screen", () => {
    const decide = vi.fn<(streams: object) => void>();
    call("display", {}, decide);
    expect(decide).toHaveBeenCalledWith({});
    expect(call("device", {})).toBe(false);
  });
});

describe("E4: the page has no network", () => {
  const isCancelled = (url: string): boolean => {
    const decide = vi.fn<(decision: { readonly cancel: boolean }) => void>();
    call("before", { url }, decide);
    return decide.mock.calls[0]?.[0].cancel ?? false;
  };

  test.each([
    "https://example.org/",
    "http://127.0.0.1/",
    "file:///etc/passwd",
    "wss://example.org/",
    "devtools://x/",
  ])("%s is not asked for", (url) => expect(isCancelled(url)).toBe(true));

  test.each([pageUrl, "blob:app://paypost/7f-1", "data:image/png;base64,AA=="])("%s is", (url) =>
    expect(isCancelled(url)).toBe(false),
  );

  test("it saves files of its own making, and no others", () => {
    const isPrevented = (url: string): boolean => {
      const preventDefault = vi.fn<() => void>();
      call("will-download", { preventDefault }, { getURL: () => url });
      return preventDefault.mock.calls.length > 0;
    };
    expect(isPrevented("blob:app://paypost/7f-1")).toBe(false);
    expect(isPrevented("https://example.org/setup.exe")).toBe(true);
    expect(isPrevented("blob:https://example.org/7f-1")).toBe(true);
  });

  test("no dictionary is fetched for spelling", () => expect(call("spell")).toBe(false));
});

describe("the window's options", () => {
  const parts = { preload: "/app/preload.cjs", icon: "/app/icon.png", session };

  test("isolate the page, keep Node out of it and the developer tools away", () => {
    expect(windowOptions({ ...parts, isPackaged: true }).webPreferences).toEqual({
      preload: "/app/preload.cjs",
      session,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: false,
    });
  });

  test("nothing is shown before there is something to see, down to a phone's width", () => {
    expect(windowOptions({ ...parts, isPackaged: false })).toMatchObject({ show: false, minWidth: 360 });
  });
});
