/**
 * How soon one can work: a server that starts over 100,000 vouchers, the console's list of them, a till with
 * 100,000 vouchers in its browser shell, and what each page weighs on the line.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import type { Browser } from "playwright-core";
import { findBrowser, launchBrowser } from "../../e2e/support/browser.ts";
import { ConsolePage } from "../../e2e/support/console-page.ts";
import { Till } from "../../e2e/support/till.ts";
import { operate, startServer } from "../../support/installation.ts";
import { makeLargeTill } from "../../support/large-till.ts";
import { projectRoot } from "../../support/processes.ts";
import { withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { plantFiller } from "../plant.ts";
import { percentile } from "../row.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";

const starts = 3;
const mostPageKilobytes = 350;

const pages = [
  { name: "console", config: "node-server/console/vite.config.ts", folder: "node-server/console/dist" },
  { name: "till", config: "desktop/vite.config.ts", folder: "desktop/dist/page" },
] as const;

export const startRow: BenchRow = {
  name: "start",
  comparedWith: "bounds of the pages alone",
  async run(sizes) {
    for (const { config } of pages) await build({ configFile: join(projectRoot, config), logLevel: "warn" });
    const found = findBrowser();
    if (!found.found) throw new Error(found.because);
    const browser = await launchBrowser(found.path);
    try {
      return [
        ...(await withBed((bed) => ofServer(bed, browser, sizes))),
        ...(await withBed((bed) => ofTill(bed, browser, sizes))),
        ...(await Promise.all(pages.map(ofBundle))),
      ];
    } finally {
      await browser.close();
    }
  },
};

async function ofServer(bed: Bed, browser: Browser, { started }: Sizes): Promise<readonly Figure[]> {
  await bed.withServer(async () => {});
  await bed.withDatabase((client) => plantFiller(client, started));
  const took: number[] = [];
  for (let turn = 0; turn < starts; turn++) {
    const begun = performance.now();
    const { running } = await startServer(bed.installation);
    took.push(performance.now() - begun);
    running.child.kill("SIGTERM");
    await running.finished;
  }
  const console = await bed.withServer(() => consoleTimes(bed, browser));
  return [
    printed(`the server listens, ${started} vouchers`, percentile(took, 0.5)),
    printed("the console can be used", console.first),
    printed("its list of vouchers is there", console.vouchers),
  ];
}

/** Signed in, opened anew as after a break. */
async function consoleTimes({ installation, url }: Bed, browser: Browser) {
  const town = {
    browser,
    url,
    operate: (...args: readonly string[]) => operate(installation, ...args),
  };
  const console = new ConsolePage(town, "Ann");
  await console.begin("administrator");
  const { page } = console;
  const first = await timed(async () => {
    await page.reload();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
  });
  const vouchers = await timed(async () => {
    await page
      .getByRole("navigation", { name: "Sections" })
      .getByRole("link", { name: "Vouchers", exact: true })
      .click();
    await page.locator("tbody tr").first().waitFor();
  });
  await console.close();
  return { first, vouchers };
}

async function ofTill(
  { folder }: Bed,
  browser: Browser,
  { started, tillOperations }: Sizes,
): Promise<readonly Figure[]> {
  await makeLargeTill(join(folder, "till"), { vouchers: started, operations: tillOperations });
  const till = new Till({ browser, url: "", installation: { folder } }, "till");
  try {
    const program = await timed(() => till.start());
    const first = await timed(async () => {
      await till.page.reload();
      await till.page.getByRole("heading", { level: 1 }).waitFor();
    });
    const unlocked = await timed(() => till.open("Ann", "4711"));
    return [
      printed(`the till's program and its first screen, ${started} vouchers`, program),
      printed("its first screen, when the program runs", first),
      printed("unlocked and signed in", unlocked),
    ];
  } finally {
    await till.stop();
  }
}

/** What a browser fetches before it shows anything: code and styles, packed. */
async function ofBundle({ name, folder }: (typeof pages)[number]): Promise<Figure> {
  const files = await readdir(join(projectRoot, folder), { recursive: true });
  const needed = files.filter((file) => /\.(js|css|html)$/.test(file));
  const packed = await Promise.all(
    needed.map(async (file) => gzipSync(await readFile(join(projectRoot, folder, file))).length),
  );
  return {
    what: `the ${name}'s page`,
    ours: packed.reduce((sum, each) => sum + each, 0) / 1000,
    raw: null,
    unit: "kB packed",
    goal: { atMost: mostPageKilobytes },
  };
}

function printed(what: string, ms: number): Figure {
  return { what, ours: ms, raw: null, unit: "ms", goal: null };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
