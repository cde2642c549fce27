import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { publishedPaths } from "./outbox.ts";

test("docs/api.md lists exactly the paths that are called under a registered base URL", () => {
  const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("| What is told"));
  const listed = [
    ...table.slice(0, table.indexOf("\n\n")).matchAll(/^\| [^|]+ \| `\/([a-z0-9/-]+)` +\|$/gm),
  ].map(([, path]) => path);
  expect(new Set(listed)).toEqual(new Set(Object.values(publishedPaths)));
});
