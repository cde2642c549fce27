import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorsPage } from "./page.ts";

test("docs/errors.md is what the code answers: `npm run errors-page` writes it anew", () => {
  const written = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  expect(plain(written)).toEqual(plain(errorsPage()));
});

/** Without what the formatter adds to lay out tables. */
function plain(page: string): string[] {
  const lines = page
    .split("\n")
    .map((line) => line.replaceAll(/\s+/g, " ").replaceAll(/-{3,}/g, "---").trim());
  return lines.filter((line) => line !== "");
}
