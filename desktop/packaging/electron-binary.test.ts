/** Electron's package is simulated by a folder with an installer of our own; finding it and starting npm's script is real. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { findElectron, installedElectron } from "./electron-binary.ts";

const root = mkdtempSync(join(tmpdir(), "paypost-electron-"));
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => void vi.spyOn(console, "log").mockReturnValue());

function electronPackage(name: string, installer: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "install.js"), installer);
  return folder;
}

const installs = `const fs = require("node:fs");
fs.writeFileSync(__dirname + "/dist/electron", "");
fs.writeFileSync(__dirname + "/path.txt", "electron");`;

describe("Electron's program", () => {
  test("is downloaded by its own installer where it is missing, and found again", () => {
    const folder = electronPackage("had", installs);
    expect(installedElectron(folder)).toBeUndefined();
    const path = join(folder, "dist", "electron");
    expect(findElectron(folder)).toEqual({ ok: true, path });
    writeFileSync(join(folder, "install.js"), "process.exit(9)");
    expect(findElectron(folder)).toEqual({ ok: true, path });
  });

  test("that cannot be had is told with the installer's own reason", () => {
    const folder = electronPackage("cut-off", `console.error("getaddrinfo ENOTFOUND"); process.exit(1);`);
    expect(findElectron(folder)).toEqual({ ok: false, because: "getaddrinfo ENOTFOUND" });
  });

  test("is missing where an installer says yes and leaves nothing", () => {
    expect(findElectron(electronPackage("empty", ""))).toMatchObject({ ok: false });
  });
});

test("npm run desktop says plainly that Electron is missing, and names the browser shell", () => {
  // A proxy that nobody answers at: this machine is cut off, whatever it is otherwise.
  const cutOff = { HTTPS_PROXY: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" };
  const nowhere = join(root, "nowhere");
  mkdirSync(nowhere);
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "run.ts")], {
    encoding: "utf8",
    env: {
      ...process.env,
      ...cutOff,
      ELECTRON_OVERRIDE_DIST_PATH: nowhere,
      ELECTRON_MIRROR: "http://127.0.0.1:9/",
    },
  });
  expect(status).toBe(1);
  expect(stderr).toContain("Electron's program cannot be had on this machine");
  expect(stderr).toContain("npm run desktop:web");
});
