import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKeyFiles, KeyFileError } from "./key-files.ts";

const secret = "a secret of the environment, long enough";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paypost-key-files-"));
  return () => rm(folder, { recursive: true });
});

const textOf = (name: string) => readFile(join(folder, `${name}.key`), "utf8");

let made: Uint8Array;
afterEach(async () => {
  // Nothing half-written stays, whatever was done.
  expect((await readdir(folder)).every((name) => name.endsWith(".key"))).toBe(true);
});

test("a key is made once, also by several that start at the same moment, and only its owner may read it", async () => {
  const all = await Promise.all(
    Array.from({ length: 5 }, () => createKeyFiles(folder, secret).secret("box")),
  );
  expect(new Set(all.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
  expect((await stat(join(folder, "box.key"))).mode & 0o777).toBe(0o600);
});

test("with a secret no file holds its key, and without it or with another none opens", async () => {
  made = await createKeyFiles(folder, secret).secret("box");
  const text = await textOf("box");
  expect(text).toMatch(/^paypost-key\/1 /);
  expect(Buffer.from(text, "base64").includes(Buffer.from(made))).toBe(false);
  expect(await createKeyFiles(folder, secret).secret("box")).toEqual(made);
  await expect(createKeyFiles(folder).secret("box")).rejects.toBeInstanceOf(KeyFileError);
  await expect(createKeyFiles(folder, `${secret}.`).secret("box")).rejects.toBeInstanceOf(KeyFileError);
});

test("what lay in the clear is encrypted when it is next read, and is the same key", async () => {
  made = await createKeyFiles(folder).secret("box");
  expect(await textOf("box")).toBe(`${Buffer.from(made).toString("base64")}\n`);
  const both = await Promise.all([1, 2].map(() => createKeyFiles(folder, secret).secret("box")));
  expect(both).toEqual([made, made]);
  expect(await textOf("box")).toMatch(/^paypost-key\/1 /);
});

test("a file that was cut or changed is refused by its name, and its content is not told", async () => {
  await createKeyFiles(folder, secret).secret("box");
  const text = await textOf("box");
  const flipped = text[40] === "A" ? "B" : "A";
  for (const damaged of [text.slice(0, 30), text.slice(0, 40) + flipped + text.slice(41), "", "AAAA"]) {
    await writeFile(join(folder, "box.key"), damaged);
    const error: unknown = await createKeyFiles(folder, secret)
      .secret("box")
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KeyFileError);
    expect(String(error)).toContain("box.key");
    if (damaged.length > 20) expect(String(error)).not.toContain(damaged.slice(20, 28));
  }
});

test("a signing key signs as itself after a restart", async () => {
  const [one, again] = [
    await createKeyFiles(folder, secret).signing("lease"),
    await createKeyFiles(folder, secret).signing("lease"),
  ];
  expect(again.publicKey).toEqual(one.publicKey);
  const message = new TextEncoder().encode("a lease");
  expect(await again.sign(message)).toEqual(await one.sign(message));
});
