/**
 * The desktop application in Electron itself, where its program and a display are: `npm run desktop` fetches the one,
 * `xvfb-run` gives the other. Nothing is simulated.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { _electron as electron } from "playwright-core";
import type { ElectronApplication, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectTill } from "../../desktop/connect.ts";
import { buildApp } from "../../desktop/packaging/build.ts";
import { installedElectron } from "../../desktop/packaging/electron-binary.ts";

const program = installedElectron();
const missing = reasonToSkip();

describe.skipIf(missing !== undefined)(
  `Electron${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "paypost-electron-"));
    const app = join(folder, "app");
    const data = join(folder, "till");
    let running: ElectronApplication;
    let page: Page;

    beforeAll(async () => {
      await buildApp(app);
      running = await start();
      page = await running.firstWindow();
      await page.locator("h1").waitFor();
    });
    afterAll(async () => {
      await running?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    function start(...more: readonly string[]): Promise<ElectronApplication> {
      // Root has no sandbox to give; the program's own start refuses root instead.
      const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
      return electron.launch({
        executablePath: program ?? "",
        args: [...asRoot, app, "--data", data, ...more],
      });
    }

    test("shows the page from its own address, with the till's answers", async () => {
      expect(page.url()).toBe("app://paypost/");
      expect(await page.evaluate(`paypost.ask("state", {})`)).toMatchObject({
        ok: true,
        result: { phase: "first-start" },
      });
    });

    test("gives the page two functions and nothing of Node", async () => {
      const seen = await page.evaluate(`({
      names: Object.keys(paypost),
      isFrozen: Object.isFrozen(paypost),
      node: [typeof process, typeof require, typeof module, typeof Buffer],
      isSecure: isSecureContext,
    })`);
      expect(seen).toEqual({
        names: ["ask", "listen"],
        isFrozen: true,
        node: ["undefined", "undefined", "undefined", "undefined"],
        isSecure: true,
      });
    });

    test("has the window's options in force", async () => {
      // Electron's own tests use this method; its types leave it out.
      const preferences = await running.evaluate(({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
          getLastWebPreferences(): Readonly<Record<string, unknown>>;
        };
        return contents.getLastWebPreferences();
      });
      expect(preferences).toMatchObject({
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
      });
    });

    test("lets the page neither out nor elsewhere in", async () => {
      await page.evaluate(`{ location.href = "https://example.org/"; }`);
      await page.evaluate(`{ location.href = "file:///etc/hostname"; }`);
      expect(await page.evaluate(`window.open("https://example.org/")`)).toBeNull();
      await expect(page.evaluate(`fetch("https://example.org/")`)).rejects.toThrow("fetch");
      const status = (path: string) =>
        page.evaluate(`fetch(${JSON.stringify(path)}).then(({ status }) => status)`);
      expect(await status("/index.html")).toBe(200);
      expect(await status("/..%2f..%2fpackage.json")).toBe(404);
      expect(page.url()).toBe("app://paypost/");
      expect(running.windows()).toHaveLength(1);
    });

    test("denies what asks for permission, the camera apart", async () => {
      const ask = (name: string) =>
        page.evaluate(`navigator.permissions.query({ name: "${name}" }).then(({ state }) => state)`);
      for (const name of ["geolocation", "notifications", "microphone", "midi"])
        expect(await ask(name)).toBe("denied");
      expect(await ask("camera")).not.toBe("denied");
    });

    test("reads square codes: WebAssembly runs under the policy", async () => {
      expect(
        await page.evaluate(
          `WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => true)`,
        ),
      ).toBe(true);
    });

    test("a second start ends at once and hands over its link", async () => {
      const link = "paypost://enrol?server=https%3A%2F%2Fpayments.example&code=ABCD-EFGH";
      await start(link).then(
        (second) => second.close(),
        () => {},
      );
      await expect
        .poll(() =>
          page
            .locator("input")
            .evaluateAll((inputs) => inputs.map((input) => (input as { value?: string }).value)),
        )
        .toContain("ABCD-EFGH");
    });

    test("closing the window closes the till", async () => {
      const closed = running.waitForEvent("close");
      await running.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
      await closed;
      const till = await connectTill({ directory: data, version: "0" });
      await till.close();
    });
  },
);

function reasonToSkip(): string | undefined {
  if (program === undefined) return "Electron's program is not on this machine; `npm run desktop` fetches it";
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  const hasDisplay = process.platform !== "linux" || DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined;
  return hasDisplay ? undefined : "there is no display; start the tests under xvfb-run";
}
