/**
 * What leaves this machine as a program. electron-builder, its archive and its fuses are real; Electron's own program is
 * simulated by a file with the place where fuses are burnt, since only that is touched.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extractAll, listPackage } from "@electron/asar";
import { FuseV1Options, getCurrentFuseWire } from "@electron/fuses";
import { build, Platform } from "electron-builder";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectTill } from "../connect.ts";
import { enrolmentFileEnding } from "../main/openings.ts";
import { buildApp } from "./build.ts";
import { builderConfig } from "./builder.config.ts";

const folder = mkdtempSync(join(tmpdir(), "paypost-package-"));
const app = join(folder, "app");
const output = join(folder, "out");
const program = join(output, "linux-unpacked", "paypost");
const unpacked = join(folder, "unpacked");
const archive = join(output, "linux-unpacked", "resources", "app.asar");

beforeAll(async () => {
  const electronDist = standInForElectron();
  await buildApp(app);
  await build({
    config: { ...builderConfig, electronDist, directories: { ...builderConfig.directories, app, output } },
    targets: Platform.LINUX.createTarget("dir"),
  });
  extractAll(archive, unpacked);
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** The sentinel, the wire's version and length, and the nine fuses as Electron ships them (@electron/fuses, README). */
function standInForElectron(): string {
  const dist = join(folder, "electron");
  mkdirSync(join(dist, "resources"), { recursive: true });
  const wire = Buffer.from("dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u0009101001001", "latin1");
  writeFileSync(join(dist, "electron"), Buffer.concat([Buffer.alloc(500), wire, Buffer.alloc(500)]), {
    mode: 0o755,
  });
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname, "..", "..", "node_modules", "electron", "package.json"), "utf8"),
  ) as { readonly version: string };
  writeFileSync(join(dist, "version"), version);
  return dist;
}

describe("the packed program", () => {
  test.each([
    ["RunAsNode", "0"],
    ["EnableCookieEncryption", "1"],
    ["EnableNodeOptionsEnvironmentVariable", "0"],
    ["EnableNodeCliInspectArguments", "0"],
    ["EnableEmbeddedAsarIntegrityValidation", "1"],
    ["OnlyLoadAppFromAsar", "1"],
    ["LoadBrowserProcessSpecificV8Snapshot", "0"],
    ["GrantFileProtocolExtraPrivileges", "0"],
  ] as const)("has the fuse %s at %s", async (name, state) => {
    const wire = await getCurrentFuseWire(program);
    expect(String.fromCharCode(wire[FuseV1Options[name]] ?? 0)).toBe(state);
  });

  test("holds the build and nothing else: no packages, no sources, no other system's libraries", () => {
    const files = listPackage(archive, { isPack: false });
    expect(files).toContain("/desktop/main.js");
    expect(files).toContain("/desktop/preload.cjs");
    expect(files).toContain("/desktop/worker/thread.cjs");
    expect(files).toContain("/desktop/page/index.html");
    expect(files.filter((file) => /node_modules|\.ts$|\.map$|\.test\./.test(file))).toEqual([]);
    expect(files.filter((file) => /prebuilds\/(?!linux)/.test(file))).toEqual([]);
  });

  test("keeps SQLite's library where the system can load it", () => {
    const library = `linux-${process.arch}.node`;
    expect(existsSync(join(`${archive}.unpacked`, "desktop", "prebuilds", library))).toBe(true);
  });

  test("out of its archive opens a till with its own migrations and library, in a thread", async () => {
    const till = await connectTill({
      directory: join(folder, "till"),
      version: "0",
      thread: new URL(`file://${unpacked}/desktop/worker/thread.cjs`),
    });
    const answer = await till.ask("state", {});
    await till.close();
    expect(answer).toMatchObject({ ok: true, result: { phase: "first-start" } });
  });

  test("has a preload that runs alone in a sandbox: one file that asks for Electron only", () => {
    const preload = readFileSync(join(unpacked, "desktop", "preload.cjs"), "utf8");
    expect([...preload.matchAll(/\b(?:require|import)\s*\(?\s*"([^"]+)"/g)].map(([, name]) => name)).toEqual([
      "electron",
    ]);
    execFileSync(process.execPath, ["--check", join(unpacked, "desktop", "preload.cjs")]);
  });

  test("names the licences of what is bundled in it", () => {
    for (const [file, name] of [
      ["licenses/worker/thread.cjs.md", "better-sqlite3"],
      ["page/licenses.md", "react"],
    ] as const) {
      expect(readFileSync(join(unpacked, "desktop", file), "utf8")).toContain(`## ${name} `);
    }
  });
});

describe("the installers", () => {
  test("are deb and AppImage, one for Windows and one for macOS", () => {
    const { linux, win, mac } = builderConfig;
    expect([linux?.target, win?.target, mac?.target]).toEqual([["deb", "AppImage"], ["nsis"], ["dmg"]]);
  });

  test("register the enrolment link and file", () => {
    expect(builderConfig.protocols).toMatchObject([{ schemes: ["paypost"] }]);
    expect(builderConfig.fileAssociations).toMatchObject([{ ext: enrolmentFileEnding }]);
  });

  test("leave the till's files alone when the program is removed", () => {
    expect(builderConfig.nsis?.deleteAppDataOnUninstall).toBe(false);
  });

  test("say on macOS what the camera is for, which the system demands", () => {
    expect(builderConfig.mac?.extendInfo).toHaveProperty("NSCameraUsageDescription");
  });

  test("publish nowhere by themselves", () => expect(builderConfig.publish).toBeNull());
});
