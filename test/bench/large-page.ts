/**
 * `npm run test:large-page [FOLDER]`: the page over a till with 100,000 vouchers and 20,000 operations, in a real browser: how
 * soon the first screen can be used, how long what a cashier searches for takes to be seen, and the memory of the page and
 * of the shell behind it. Fails beyond its bounds. With a folder, the till is made there, where it is not yet, and kept.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { findBrowser, launchBrowser } from "../e2e/support/browser.ts";
import { Till } from "../e2e/support/till.ts";
import { makeLargeTill } from "../support/large-till.ts";
import { projectRoot } from "../support/processes.ts";

/** Milliseconds and megabytes, with room for a computer of ten years ago. */
const bounds = {
  start: 15_000,
  "first screen": 2000,
  unlocked: 6000,
  seen: 1000,
  "page MB": 200,
  "shell MB": 500,
};

const found = findBrowser();
if (!found.found) throw new Error(found.because);
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), "paypost-large-page-"));
const name = "till";
if (!existsSync(join(folder, name, "node.db"))) await makeLargeTill(join(folder, name));
await build({ configFile: `${projectRoot}desktop/vite.config.ts`, logLevel: "warn" });
const browser = await launchBrowser(found.path);
const till = new Till({ browser, url: "", installation: { folder } }, name);
const failures: string[] = [];
try {
  await measure();
} finally {
  await till.stop();
  await browser.close();
  if (process.argv[2] === undefined) rmSync(folder, { recursive: true });
}
if (failures.length > 0) {
  console.error(failures.join("\n"));
  process.exit(1);
}

async function measure(): Promise<void> {
  await timed("the program and its first screen", bounds.start, () => till.start());
  const { page } = till;
  await timed("first screen, when the program runs", bounds["first screen"], async () => {
    await page.reload();
    await page.getByRole("heading", { level: 1 }).waitFor();
  });
  await timed("unlocked and signed in", bounds.unlocked, () => till.open("Ann", "4711"));
  await timed("history", bounds.seen, async () => {
    await till.go("History");
    await page.getByRole("rowheader").first().waitFor();
  });
  const serial = (await page.getByRole("rowheader").last().innerText()).trim();
  await timed("history, searched by serial", bounds.seen, async () => {
    await page.getByLabel("Search").fill(serial);
    await page.locator("tbody tr:only-child").filter({ hasText: serial }).waitFor();
  });
  await timed("reserved vouchers", bounds.seen, async () => {
    await till.go("Reserved");
    await page.getByRole("listitem").first().waitFor();
  });
  await timed("reserved vouchers, searched by digits", bounds.seen, async () => {
    await page.getByLabel("Search").fill("1099999");
    await page.getByRole("listitem").filter({ hasText: "1099999" }).waitFor();
  });
  await timed("end of day", bounds.seen, async () => {
    await till.go("End of day");
    await page.getByRole("heading", { name: "Settled" }).waitFor();
  });
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  limit("page MB", usedSize / 1e6);
  limit("shell MB", residentMegabytes());
}

/** Of the shell's process, where the system tells it. */
function residentMegabytes(): number {
  const status = `/proc/${till.shellPid}/status`;
  if (!existsSync(status)) return 0;
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))?.[1] ?? 0) / 1000;
}

function limit(what: "page MB" | "shell MB", megabytes: number): void {
  console.log(`${what}: ${megabytes.toFixed(0)}`);
  if (megabytes > bounds[what]) failures.push(`${what}: ${megabytes.toFixed(0)}, more than ${bounds[what]}`);
}

async function timed(what: string, boundMs: number, work: () => Promise<unknown>): Promise<void> {
  const before = performance.now();
  await work();
  const ms = performance.now() - before;
  console.log(`${what}: ${ms.toFixed(0)} ms`);
  if (ms > boundMs) failures.push(`${what} took ${ms.toFixed(0)} ms, more than ${boundMs}`);
}
