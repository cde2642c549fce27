import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replaceFile, writeNewFile } from "./durable-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paypost-durable-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const mode = async (path: string) => (await stat(path)).mode & 0o777;

describe("a new file", () => {
  test("is its owner's alone, and never takes another's place", async () => {
    const path = join(folder, "new");
    await writeNewFile(path, "first");
    expect(await mode(path)).toBe(0o600);
    await expect(writeNewFile(path, "second")).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(path, "utf8")).toBe("first");
  });
});

describe("a file that replaces another", () => {
  test("is written in pieces, and is its owner's alone though the one before and a draft left behind were not", async () => {
    const path = join(folder, "replaced");
    await writeFile(path, "before", { mode: 0o644 });
    await writeFile(`${path}.part`, "a longer text that was left behind", { mode: 0o644 });
    await replaceFile(path, async (write) => {
      await write("one, ");
      await write("two");
    });
    expect(await readFile(path, "utf8")).toBe("one, two");
    expect(await mode(path)).toBe(0o600);
    expect(await readdir(folder)).not.toContain("replaced.part");
  });

  test("leaves the one before as it was when writing it fails", async () => {
    const path = join(folder, "kept");
    await replaceFile(path, (write) => write("before"));
    const failing = replaceFile(path, async (write) => {
      await write("half");
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrow("no more");
    expect(await readFile(path, "utf8")).toBe("before");
  });
});
