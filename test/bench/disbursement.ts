/**
 * A batch of 50,000 payments (or as many as the argument says) through a real server that is killed with SIGKILL again and
 * again, to a provider that is a process of its own with its own books: each payment is made once, or not at all and told
 * so. Prints what it took; fails when anything is wrong, or when the server needs more memory than its bound.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesIn } from "../../node-server/postgres/embedded-files.ts";
import { prepareInstallation } from "../support/installation.ts";
import { runKilledBatch, wrongOf } from "../support/killed-batch.ts";
import type { Running } from "../support/processes.ts";
import { peakMiB } from "./process-use.ts";

const count = Number(process.argv[2] ?? 50_000);
const kills = Number(process.argv[3] ?? 10);
const mostServerMiB = 768;

const folder = await mkdtemp(join(tmpdir(), "paypost-disbursement-"));
const installation = await prepareInstallation(folder, { LOG_LEVEL: "fatal" });
let peakMemory = 0;
const servers: Running[] = [];
const sampling = setInterval(() => void sample(), 250);
const begun = performance.now();
try {
  const found = await runKilledBatch(installation, {
    count,
    kills,
    mostBetween: Math.max(100, (2 * count) / (kills + 1)),
    onProgress: (text) => console.log(`${seconds().padStart(6)} s  ${text}`),
    onServer: (server) => void servers.push(server),
  });
  const wrong = wrongOf(found, count);
  const { completed, failed } = found.summary;
  console.log(`${seconds()} s for ${count} payments, the server killed ${found.kills} times`);
  console.log(
    `${String(completed)} paid, ${String(failed)} refused by the provider; ${found.arrivals} credits arrived`,
  );
  console.log(JSON.stringify(found.reconciliation));
  if (peakMemory > mostServerMiB)
    wrong.push(`the server took ${peakMemory.toFixed(0)} MiB, more than ${mostServerMiB}`);
  console.log(`server, peak memory ${peakMemory.toFixed(0)} MiB of ${mostServerMiB}`);
  for (const what of wrong.slice(0, 20)) console.log(`WRONG: ${what}`);
  console.log(wrong.length === 0 ? "each payment was made once, or not at all and told so" : "FAILED");
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  clearInterval(sampling);
  await stopDatabase();
  await installation.receiver.close();
  await rm(folder, { recursive: true, force: true });
}

function seconds(): string {
  return ((performance.now() - begun) / 1_000).toFixed(0);
}

async function sample(): Promise<void> {
  peakMemory = Math.max(peakMemory, await peakMiB(servers.at(-1)?.child.pid));
}

/** The server's own PostgreSQL outlives it when it is killed; here it is of no more use. */
async function stopDatabase(): Promise<void> {
  const pidFile = join(filesIn(join(folder, "server")).cluster, "postmaster.pid");
  const [pid] = (await readFile(pidFile, "utf8").catch(() => "")).split("\n");
  if (!pid || !/^[0-9]+$/.test(pid)) return;
  process.kill(Number(pid), "SIGINT");
  while (await readFile(pidFile, "utf8").catch(() => ""))
    await new Promise((resolve) => setTimeout(resolve, 100));
}
