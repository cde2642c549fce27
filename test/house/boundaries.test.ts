/** The walls of the house: imports point one way, and core has no clock, chance, network or files. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "paypost-house-"));
  for (const entry of ["core", "sync", "node-server", "desktop", "package.json"]) {
    await cp(join(root, entry), join(copy, entry), { recursive: true });
  }
  for (const file of ["tsconfig.base.json", ".oxlintrc.json"]) await cp(join(root, file), join(copy, file));
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

describe("a wrong step fails `npm run check`", () => {
  test("the house as it stands compiles", async () => {
    expect(await problemsOf("desktop")).toBe("");
    expect(await problemsOf("desktop/ui")).toBe("");
    expect(await problemsOf("node-server")).toBe("");
  });

  test.each([
    ["core imports sync", "core", `export { uuidv7 } from "#sync/ids.ts";`],
    [
      "core imports node:fs",
      "core",
      `import { readFile } from "node:fs/promises";\nexport const x = readFile;`,
    ],
    ["core calls fetch", "core", `export const x = fetch("https://example.invalid");`],
    ["core reads the console", "core", `console.log("hello");\nexport {};`],
    ["sync imports the server", "sync", `export { createApp } from "../node-server/app.ts";`],
    ["sync imports the node", "sync", `export * from "../desktop/worker/lock.ts";`],
    [
      "sync imports node:fs",
      "sync",
      `import { readFile } from "node:fs/promises";\nexport const x = readFile;`,
    ],
    [
      "the parts of pages import the server",
      "desktop/ui",
      `export { createApp } from "../../node-server/app.ts";`,
    ],
    ["the parts of pages import the node", "desktop/ui", `export { ask } from "../renderer/till.ts";`],
    ["the server imports the node", "node-server", `export * from "../desktop/worker/lock.ts";`],
    ["the node imports the server", "desktop", `export { createApp } from "../node-server/app.ts";`],
  ])("%s: refused by the compiler", async (_name, folder, source) => {
    expect(await withIntruder(folder, source, problemsOf)).toContain("intruder.ts");
  });

  test.each([
    ["Date.now", `export const x = Date.now();`],
    ["Math.random", `export const x = Math.random();`],
  ])("core calls %s: refused by the linter", async (_name, source) => {
    expect(await withIntruder("core", source, lint)).toContain("intruder.ts");
  });
});

async function withIntruder(
  folder: string,
  source: string,
  check: (folder: string) => Promise<string>,
): Promise<string> {
  const path = join(copy, folder, "intruder.ts");
  await writeFile(path, source);
  try {
    return await check(folder);
  } finally {
    await rm(path);
  }
}

function problemsOf(folder: string): Promise<string> {
  return outputOf("tsc", ["-b", folder, "--pretty", "false"]);
}

function lint(folder: string): Promise<string> {
  return outputOf("oxlint", ["--deny-warnings", folder]);
}

/** What the command says when it fails; nothing when it succeeds. */
async function outputOf(command: string, args: readonly string[]): Promise<string> {
  return run(join(root, "node_modules/.bin", command), args, { cwd: copy }).then(
    () => "",
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
}
