/**
 * The page as the desktop application has it, in a real Chromium: the built page under the shell's own answers and policy,
 * the built preload, the bridge and a real till behind it. Simulated is Electron itself between them: its address
 * `app://` by one of the test's, its IPC by a function that Playwright puts into the page.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { IpcMain } from "electron";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connectTill } from "../../desktop/connect.ts";
import type { ConnectedTill } from "../../desktop/connect.ts";
import { serveBridge } from "../../desktop/main/bridge.ts";
import { createPageHandler, pageUrl } from "../../desktop/main/page-scheme.ts";
import { buildApp } from "../../desktop/packaging/build.ts";
import { launchBrowser } from "./support/browser.ts";

const found = inject("browser");
const address = "https://page.test/";
const frame = { parent: null, url: pageUrl, origin: pageUrl.slice(0, -1) };

describe.skipIf(!found.found)(
  `the page in the desktop application${found.found ? "" : ` (skipped: ${found.because})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "paypost-electron-page-"));
    const app = join(folder, "app");
    const refused: string[] = [];
    let browser: Browser;
    let till: ConnectedTill;
    let page: Page;

    beforeAll(async () => {
      if (!found.found) return;
      await buildApp(app);
      browser = await launchBrowser(found.path);
      till = await connectTill({
        directory: join(folder, "till"),
        version: "0.0.0-test",
        thread: new URL(`file://${app}/desktop/worker/thread.cjs`),
      });
      page = await browser.newPage({ locale: "en" });
      await serveTo(page);
      await page.goto(address);
    });
    afterAll(async () => {
      await browser?.close();
      await till?.close();
      rmSync(folder, { recursive: true });
    });

    async function serveTo(page: Page): Promise<void> {
      const handle = createPageHandler(join(app, "desktop", "page"));
      await page.route("**", async (route) => {
        const url = route.request().url();
        if (!url.startsWith(address)) {
          refused.push(url);
          return route.abort();
        }
        const answer = await handle(new Request(url.replace(address, pageUrl)));
        return route.fulfill({
          status: answer.status,
          headers: Object.fromEntries(answer.headers),
          body: Buffer.from(await answer.arrayBuffer()),
        });
      });
      type Handler = (event: unknown, ...given: unknown[]) => unknown;
      const handlers = new Map<string, Handler>();
      const ipcMain = { handle: (channel: string, handler: Handler) => void handlers.set(channel, handler) };
      serveBridge(ipcMain as unknown as IpcMain, till);
      await page.exposeFunction("invoke", (channel: string, ...given: unknown[]) =>
        handlers.get(channel)?.({ senderFrame: frame, sender: { mainFrame: frame } }, ...given),
      );
      till.listen((event) => void page.evaluate(`told(${JSON.stringify(event)})`).catch(() => {}));
      await page.addInitScript(`{
      const invoke = window.invoke;
      window.violations = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
        window.violations.push(effectiveDirective + " " + blockedURI));
      const require = () => ({
        contextBridge: { exposeInMainWorld: (name, api) => Object.defineProperty(window, name, { value: api }) },
        ipcRenderer: { invoke, on: (_channel, listener) => { window.told = (event) => listener({}, event); } },
      });
      ${readFileSync(join(app, "desktop", "preload.cjs"), "utf8")}
    }`);
    }

    const violations = () => page.evaluate<string[]>("violations");

    test("shows its first screen with the till's answers, within its policy and without a network", async () => {
      await page.getByRole("heading", { name: "Set up this till" }).waitFor();
      expect(await violations()).toEqual([]);
      expect(refused).toEqual([]);
    });

    test("has two functions of the program, which it cannot replace", async () => {
      const api = await page.evaluate(`({
      names: Object.keys(window.paypost),
      isFrozen: Object.isFrozen(window.paypost),
      node: [typeof window.process, typeof window.module, typeof window.Buffer],
    })`);
      expect(api).toEqual({
        names: ["ask", "listen"],
        isFrozen: true,
        node: ["undefined", "undefined", "undefined"],
      });
    });

    test("hears of changes, until it listens no longer", async () => {
      const heard = page.evaluate<string>(`new Promise((resolve) => {
      const stop = paypost.listen((event) => { stop(); resolve(event); });
    })`);
      const settings = {
        language: null,
        theme: "dark",
        paper: "80",
        lockAfterMinutes: 10,
        bytesPerDay: null,
        onRequest: false,
      };
      expect(await page.evaluate(`paypost.ask("settings", ${JSON.stringify(settings)})`)).toMatchObject({
        ok: true,
      });
      expect(await heard).toBe("changed");
    });

    test("fills in the link that the program was opened with, and keeps the code out of the address", async () => {
      const link = "paypost://enrol?server=https%3A%2F%2Fpayments.example&code=ABCD-EFGH";
      await page.goto(`${address}#open=${encodeURIComponent(link)}`);
      await expect.poll(() => page.getByLabel("Enrolment code").inputValue()).toBe("ABCD-EFGH");
      expect(await page.getByLabel("Address of the server").inputValue()).toContain(
        "https://payments.example",
      );
      expect(page.url()).toBe(address);
    });

    test("cannot run a script of others, load from elsewhere or embed a page", async () => {
      await page.evaluate(`(async () => {
      const script = document.createElement("script");
      script.textContent = "window.isRun = true";
      document.head.append(script);
      const image = document.createElement("img");
      image.src = "https://example.org/x.png";
      document.body.append(image);
      const frame = document.createElement("iframe");
      frame.src = "https://example.org/";
      document.body.append(frame);
      await fetch("https://example.org/").catch(() => {});
    })()`);
      // A browser tells of what it blocked when it comes to it.
      const blocked = async () => new Set((await violations()).map((violation) => violation.split(" ")[0]));
      await expect
        .poll(blocked, { timeout: 30_000 })
        .toEqual(new Set(["script-src-elem", "img-src", "frame-src", "connect-src"]));
      expect(await page.evaluate("window.isRun")).toBeUndefined();
      expect(refused).toEqual([]);
    });
  },
);
