import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { publishedPaths } from "./outbox.ts";

test("docs/api.md lists exactly the paths that are called under a registered base URL", () => {
  const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
  const listed = [
    ...page.matchAll(/^\| [^|]+ \| `\/([A-Za-z/-]+(?:return|confirmation|Response))` +\|$/gm),
  ].map(([, path]) => path);
  expect(new Set(listed)).toEqual(new Set(Object.values(publishedPaths)));
});
