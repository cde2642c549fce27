/** What merchants and agents are handed on paper: docs/merchant.md and docs/agent.md, each one sheet. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { marked } from "marked";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { projectRoot } from "../support/processes.ts";
import { launchBrowser } from "./support/browser.ts";
import { paperSizeMm } from "./support/till.ts";

const docs = join(projectRoot, "docs");
const screenshots = join(projectRoot, "test", "e2e", "screenshots");

/** Ordinary type and the margins of any printer; a picture takes two thirds of the width. */
const style = `
  @page { size: A4; margin: 15mm }
  body { font: 11pt/1.4 "Liberation Sans", Arial, Helvetica, sans-serif; margin: 0 }
  img { display: block; width: 120mm; margin: 0 auto }
  table { border-collapse: collapse }
  th, td { border: 0.5pt solid #888; padding: 2pt 4pt; text-align: left; vertical-align: top }
`;
const sidesOfASheet = 2;

const found = inject("browser");

describe.skipIf(!found.found)("printed on A4 in type of eleven points, with its pictures", () => {
  let browser: Browser;
  beforeAll(async () => {
    if (found.found) browser = await launchBrowser(found.path);
  });
  afterAll(() => browser.close());

  test.each(["merchant", "agent"])("docs/%s.md fits the two sides of one sheet", async (name) => {
    const pdf = await printed(name);
    const { width, height } = paperSizeMm(pdf);
    expect([Math.round(width), Math.round(height)]).toEqual([210, 297]);
    expect(pagesOf(pdf)).toBeLessThanOrEqual(sidesOfASheet);
  });

  const printed = async (name: string): Promise<Buffer> => {
    const body = await marked.parse(await readFile(join(docs, `${name}.md`), "utf8"));
    const sheet = join(screenshots, `sheet-${name}`);
    await mkdir(screenshots, { recursive: true });
    await writeFile(
      `${sheet}.html`,
      `<!doctype html><meta charset="utf-8"><base href="file://${docs}/"><style>${style}</style>${body}`,
    );
    const page = await browser.newPage();
    await page.goto(`file://${sheet}.html`);
    const broken = await page.evaluate(
      "[...document.images].filter((one) => one.naturalWidth === 0).map((one) => one.src)",
    );
    expect(broken).toEqual([]);
    const pdf = await page.pdf({ path: `${sheet}.pdf`, preferCSSPageSize: true });
    await page.close();
    return pdf;
  };
});

function pagesOf(pdf: Buffer): number {
  return pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
}
