/**
 * `npm run test:large-till [FOLDER]`: a till with 100,000 vouchers and 20,000 operations: how soon its first screen is there,
 * how long what a cashier waits for takes, and how much memory that needs. Fails beyond its bounds. With a folder, the till
 * is made there, where it is not yet, and kept.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectTill } from "../../desktop/connect.ts";
import type { Answer, RequestName, Results } from "../../desktop/protocol.ts";
import { withRequestId } from "../support/once.ts";
import type { AskedPayload } from "../support/once.ts";
import { makeLargeTill } from "../support/large-till.ts";

const makeOnly = "--make-only";

/** Milliseconds, with room for a computer of ten years ago. */
const bounds = { "first screen": 4000, state: 150, unlock: 5000, others: 500, redeem: 1000, megabytes: 400 };

/** A process of its own makes it, so that what that needs is not counted. */
if (process.argv[2] === makeOnly) {
  const made = await makeLargeTill(process.argv[3] ?? "");
  console.log(`${made.vouchers.length} of its vouchers have numbers`);
  process.exit(0);
}

const kept = process.argv[2];
const directory = kept ?? mkdtempSync(join(tmpdir(), "paypost-large-"));
const failures: string[] = [];
try {
  if (!existsSync(join(directory, "node.db"))) {
    const script = [import.meta.filename, makeOnly, directory];
    await timed("making it", Infinity, () => execFileSync(process.execPath, script, { stdio: "inherit" }));
  }
  const megabytes = statSync(join(directory, "node.db")).size / 1e6;
  console.log(`the database has ${megabytes.toFixed(0)} MB`);
  await measure();
} finally {
  if (kept === undefined) rmSync(directory, { recursive: true });
}
if (failures.length > 0) {
  console.error(failures.join("\n"));
  process.exit(1);
}

async function measure(): Promise<void> {
  const till = await timed("first screen", bounds["first screen"], async () => {
    const opened = await connectTill({ directory, version: "bench" });
    await opened.ask("state", {});
    return opened;
  });
  const ask = async <Name extends RequestName>(
    name: Name,
    payload: AskedPayload<Name>,
    boundMs = bounds.others,
    what: string = name,
  ): Promise<Results[Name]> =>
    timed(what, boundMs, async () => {
      const answer = (await till.ask(name, withRequestId(name, payload))) as Answer<Name>;
      if (!answer.ok) throw new Error(`${name}: ${answer.code} ${answer.message}`);
      return answer.result;
    });
  await ask("unlock", { passphrase: "a passphrase for trials only" }, bounds.unlock);
  await ask("sign-in", { cashier: 1, pin: "4711" });
  const { sync } = await ask("state", {}, bounds.state);
  console.log(`  ${sync?.leases} leases, ${sync?.queued} queued, ${sync?.held} held`);
  await ask("history", { search: "", state: "all", before: null });
  await ask("history", { search: "0100015", state: "all", before: null }, undefined, "history by serial");
  await ask(
    "history",
    { search: "ben", state: "disputed", before: null },
    undefined,
    "history by name and state",
  );
  await ask("leases", { search: "", after: null });
  await ask("leases", { search: "99999", after: null }, undefined, "leases by digits");
  await ask("totals", { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  await ask("shifts", { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  await ask("quit-check", {});
  const voucher = { serial: "1000001", token: null, number: "4000000001000001" };
  await ask("check", voucher);
  const redeemed = await ask("redeem", voucher, bounds.redeem);
  console.log(`  ${redeemed.kind}`);
  await ask("state", {}, bounds.state, "state after it");
  const megabytes = process.memoryUsage().rss / 1e6;
  console.log(`memory, both threads and this script: ${megabytes.toFixed(0)} MB`);
  if (megabytes > bounds.megabytes) failures.push(`more than ${bounds.megabytes} MB of memory`);
  await till.close();
}

async function timed<T>(what: string, boundMs: number, work: () => T | Promise<T>): Promise<T> {
  const before = performance.now();
  const result = await work();
  const ms = performance.now() - before;
  console.log(`${what}: ${ms.toFixed(0)} ms`);
  if (ms > boundMs) failures.push(`${what} took ${ms.toFixed(0)} ms, more than ${boundMs}`);
  return result;
}
