import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileAutoStart, systemAutoStart } from "./auto-start.ts";

const configHome = mkdtempSync(join(tmpdir(), "paypost-autostart-"));
afterAll(() => rmSync(configHome, { recursive: true }));
const file = join(configHome, "autostart", "paypost.desktop");

describe("on Linux", () => {
  test("a file in the autostart folder starts the program with the session, and goes when it is switched off", () => {
    const autoStart = fileAutoStart({ configHome, program: "/opt/Paypost/paypost" });
    expect(autoStart.isOn()).toBe(false);
    autoStart.set(true);
    expect(autoStart.isOn()).toBe(true);
    expect(readFileSync(file, "utf8").split("\n")).toContain(`Exec="/opt/Paypost/paypost"`);
    autoStart.set(false);
    autoStart.set(false);
    expect(existsSync(file)).toBe(false);
  });

  test("a path with blanks and signs that mean something there stays one path", () => {
    const program = '/home/a b/$HOME/100%/"it\'s" `x`/Paypost.AppImage';
    fileAutoStart({ configHome, program }).set(true);
    const exec = /^Exec=(.*)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? "";
    // The two readings of the specification, undone one after the other: the string's escapes, then a shell's quotes.
    const argument = exec.replaceAll("\\\\", "\\").replaceAll("%%", "%");
    expect(execFileSync("sh", ["-c", `printf %s ${argument}`], { encoding: "utf8" })).toBe(program);
  });
});

test("elsewhere the system's own setting says and keeps it (simulated)", () => {
  let openAtLogin = false;
  const app = {
    getLoginItemSettings: () => ({ openAtLogin }) as ReturnType<Electron.App["getLoginItemSettings"]>,
    setLoginItemSettings: (settings: { readonly openAtLogin?: boolean }) => {
      openAtLogin = settings.openAtLogin ?? false;
    },
  };
  const autoStart = systemAutoStart(app);
  autoStart.set(true);
  expect([autoStart.isOn(), openAtLogin]).toEqual([true, true]);
});
