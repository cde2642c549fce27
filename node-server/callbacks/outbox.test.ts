import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { publishedPaths } from "./outbox.ts";

test("docs/api.md lists exactly the paths that are called under a registered base URL", () => {
  const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
  const table = /\| What is told[^]*?\n\n/.exec(page)?.[0] ?? "";
  const listed = [...table.matchAll(/\| `\/([A-Za-z/-]+)` +\|$/gm)].map(([, path]) => path);
  expect(new Set(listed)).toEqual(new Set(Object.values(publishedPaths)));
});
