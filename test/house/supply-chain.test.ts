/** What comes from others: from where it says, as it was, under a licence that somebody has looked at. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { projectRoot } from "../support/processes.ts";

const root = new URL("../../", import.meta.url);
const npm = "https://registry.npmjs.org/";
const read = (name: string) => readFileSync(new URL(name, root), "utf8");

test("every action of the workflows is pinned by the hash of its commit, with its version beside it", () => {
  const folder = ".github/workflows/";
  const uses = readdirSync(new URL(folder, root)).flatMap((name) => [
    ...read(folder + name).matchAll(/^\s*-?\s*uses:\s*(.+)$/gm),
  ]);
  expect(uses.length).toBeGreaterThan(0);
  for (const [, action] of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("every package of the lockfile is from the registry, whichever one uses, and has the digest of what it was", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { resolved?: string; integrity?: string }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path !== "");
  expect(installed.length).toBeGreaterThan(100);
  const odd = installed.filter(
    ([, { resolved = npm, integrity = "" }]) => !resolved.startsWith(npm) || !integrity.startsWith("sha512-"),
  );
  expect(odd.map(([path]) => path)).toEqual([]);
});

test("every dependency has one exact version", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
});

test("every licence was looked at", () => {
  const script = fileURLToPath(new URL(".ci/licences.ts", root));
  expect(execFileSync(process.execPath, [script], { cwd: projectRoot, encoding: "utf8" })).toContain("hono ");
});
