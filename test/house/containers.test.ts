/** The files for containers name only what is there: settings that the server knows, and folders that it runs from. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { variables } from "../../node-server/config-variables.ts";

const root = new URL("../../", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), "utf8");

test("the server's settings in docker-compose.yml and Dockerfile are settings of the server", () => {
  const [, server = ""] = /x-server:([\s\S]*?)\n\S/.exec(read("docker-compose.yml")) ?? [];
  const [, environment = ""] = /environment:\n([\s\S]*?)\n {2}\S/.exec(server) ?? [];
  const named = [...environment.matchAll(/^ {4}([A-Z_]+):/gm)].map((match) => match[1]);
  const [, inImage = ""] = /^ENV (.*)$/m.exec(read("Dockerfile")) ?? [];
  named.push(...[...inImage.matchAll(/([A-Z_]+)=/g)].map((match) => match[1]));
  expect(named).toContain("DATABASE_URL");
  expect(named).toContain("PAYPOST_KEYS");
  const known = variables.map(({ name }) => name as string);
  expect(named.filter((name) => !known.includes(name ?? ""))).toEqual([]);
});

test("everything that the image copies is there and is not left out of its context", () => {
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
    (match[1] ?? "").split(" "),
  );
  expect(copied).toContain("node-server");
  const context = new Set(read(".dockerignore").split("\n"));
  for (const name of copied) {
    expect(existsSync(new URL(name, root)), name).toBe(true);
    expect(context.has(`!${name}`), name).toBe(true);
  }
});
