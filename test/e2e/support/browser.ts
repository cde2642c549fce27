/**
 * Finds a Chromium for the end-to-end tests, and fetches one where there is none: `PAYPOST_BROWSER`, one of the system,
 * Playwright's own, its download, or as root Debian's package.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { projectRoot } from "../../support/processes.ts";

export type FoundBrowser =
  | { readonly found: true; readonly path: string }
  | { readonly found: false; readonly because: string };

const systemNames = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
];
const systemPaths = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
  String.raw`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`,
];
const fetchMinutes = 5;

export function findBrowser(): FoundBrowser {
  const named = process.env["PAYPOST_BROWSER"];
  if (named !== undefined) {
    return existsSync(named) ? found(named) : missing(`PAYPOST_BROWSER names ${named}, which is not there`);
  }
  const path = present() ?? fetched();
  return path === undefined
    ? missing(
        "no Chromium was found and none could be fetched. Install one (Debian: `apt-get install chromium`), run " +
          "`npx playwright-core install chromium`, or set PAYPOST_BROWSER to the path of one",
      )
    : found(path);
}

/** `film`: a Y4M file that the make-believe camera shows, over and over. */
export function launchBrowser(path: string, film?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    // Root has no sandbox to give; the camera is a make-believe one of Chromium's.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      ...(film === undefined ? [] : [`--use-file-for-fake-video-capture=${film}`]),
    ],
  });
}

function present(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const inPath = systemNames.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...inPath, ...systemPaths, chromium.executablePath()].find((path) => existsSync(path));
}

function fetched(): string | undefined {
  runQuietly(process.execPath, [join("node_modules", "playwright-core", "cli.js"), "install", "chromium"]);
  if (present() === undefined && process.platform === "linux" && process.getuid?.() === 0) {
    runQuietly("apt-get", ["update"]);
    runQuietly("apt-get", ["install", "-y", "--no-install-recommends", "chromium", "fonts-noto-core"]);
  }
  return present();
}

function runQuietly(command: string, args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync(command, args, { cwd: projectRoot, stdio: "ignore", timeout: fetchMinutes * 60_000, env });
}

function found(path: string): FoundBrowser {
  return { found: true, path };
}

function missing(because: string): FoundBrowser {
  return { found: false, because };
}
