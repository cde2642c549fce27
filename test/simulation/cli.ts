/**
 * `npm run simulate -- --seeds N [--from S] [--minutes M] [--workers W] [--without SAFEGUARD] [--mutations]`. With several
 * workers each is a process of its own over one PostgreSQL, with every W-th seed.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { startCluster } from "../support/postgres.global.ts";
import { postgresStores } from "./postgres.ts";
import { runSeed } from "./run.ts";
import type { Outcome } from "./run.ts";
import type { StoreKind } from "./stores.ts";
import { none, weaknesses } from "./weaknesses.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    minutes: { type: "string", default: "600" },
    workers: { type: "string", default: String(availableParallelism()) },
    without: { type: "string" },
    mutations: { type: "boolean", default: false },
  },
});

const counts = {
  seeds: count("seeds"),
  from: count("from"),
  minutes: count("minutes"),
  workers: count("workers"),
};
const { without } = values;
if (without !== undefined && !Object.hasOwn(weaknesses, without))
  refuse(`there is no safeguard ${without}; there are: ${Object.keys(weaknesses).join(", ")}`);

/** What a worker tells of each seed that it has played. */
interface Played {
  readonly operations: number;
  /** The whole story of a seed that broke a promise. */
  readonly failure: string | undefined;
}

const assigned = process.env["SIMULATION_WORKER"];
if (assigned === undefined) {
  const cluster = await startCluster();
  try {
    process.exitCode = values.mutations
      ? await checkMutations(await postgresStores(cluster.url))
      : await checkSeeds(cluster.url);
  } finally {
    await cluster.stop();
  }
} else {
  const { url, first } = JSON.parse(assigned) as { readonly url: string; readonly first: number };
  await playSeeds(await postgresStores(url, { template: "there" }), first);
  process.disconnect();
}

async function checkSeeds(url: string): Promise<number> {
  await postgresStores(url);
  const { from, seeds } = counts;
  const begun = performance.now();
  let [done, operations, toldMs] = [0, 0, begun];
  const stop = new AbortController();
  const failures: string[] = [];
  const onPlayed = (played: Played): void => {
    done += 1;
    operations += played.operations;
    if (played.failure !== undefined) {
      failures.push(played.failure);
      stop.abort();
    }
    if (performance.now() - toldMs < 60_000) return;
    toldMs = performance.now();
    console.log(`${done} of ${seeds} seeds`);
  };
  const workers = Math.min(counts.workers, seeds);
  await Promise.all(
    Array.from({ length: workers }, (_, index) => startWorker(url, from + index, onPlayed, stop.signal)),
  );
  if (failures[0] !== undefined) {
    console.log(failures[0]);
    return 1;
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${done} seeds from ${from} on postgres: every promise kept; ${operations} operations, ${seconds.toFixed(0)} s`,
  );
  return 0;
}

/** Resolves when the worker has played its seeds, or was ended; throws when it failed by itself. */
function startWorker(
  url: string,
  first: number,
  onPlayed: (played: Played) => void,
  signal: AbortSignal,
): Promise<void> {
  const environment = { ...process.env, SIMULATION_WORKER: JSON.stringify({ url, first }) };
  const worker = fork(import.meta.filename, process.argv.slice(2), { env: environment });
  worker.on("message", (played) => onPlayed(played as Played));
  signal.addEventListener("abort", () => worker.kill());
  return new Promise((resolve, reject) => {
    worker.once("exit", (code) => {
      if (code === 0 || signal.aborted) resolve();
      else reject(new Error(`a worker of the simulation ended with ${code}`));
    });
  });
}

async function playSeeds(kind: StoreKind, first: number): Promise<void> {
  const weakness = (without === undefined ? undefined : weaknesses[without]) ?? none;
  const { from, seeds, minutes, workers } = counts;
  const untilMs = performance.now() + minutes * 60_000;
  for (let seed = first; seed < from + seeds && performance.now() < untilMs; seed += workers) {
    const outcome = await runSeed(kind, seed, weakness);
    const isBroken = outcome.broken.length > 0;
    process.send?.({
      operations: outcome.operations,
      failure: isBroken ? failure(outcome) : undefined,
    } satisfies Played);
    if (isBroken) return;
  }
}

async function checkMutations(kind: StoreKind): Promise<number> {
  const [from, most] = [counts.from, Math.min(500, counts.seeds)];
  let missed = 0;
  for (const [safeguard, weakness] of Object.entries(weaknesses)) {
    if (without !== undefined && without !== safeguard) continue;
    const found = await firstBroken(kind, weakness, from, most);
    if (!found) missed += 1;
    const told = found
      ? `seed ${found.seed}: ${found.broken[0]?.promise}, ${found.broken[0]?.what.split("\n")[0]}`
      : `not found in ${most} seeds`;
    console.log(`${safeguard.padEnd(38)} ${told}`);
  }
  return missed === 0 ? 0 : 1;
}

async function firstBroken(
  kind: StoreKind,
  weakness: (typeof weaknesses)[string],
  from: number,
  most: number,
): Promise<Outcome | undefined> {
  for (let seed = from; seed < from + most; seed += 1) {
    const outcome = await runSeed(kind, seed, weakness);
    if (outcome.broken.length > 0) return outcome;
  }
  return undefined;
}

function failure({ seed, broken, history }: Outcome): string {
  const weakened = without === undefined ? "" : ` --without ${without}`;
  return [
    ...history,
    ...broken.map(({ promise, what }) => `BROKEN ${promise}: ${what}`),
    `Seed ${seed} failed. Again: npm run simulate -- --seeds 1 --from ${seed}${weakened}`,
  ].join("\n");
}

function count(option: "seeds" | "from" | "minutes" | "workers"): number {
  const value = Number(values[option]);
  return Number.isSafeInteger(value) && value > 0
    ? value
    : refuse(`--${option} ${values[option]}: a whole number above 0 is needed`);
}

function refuse(what: string): never {
  console.error(what);
  process.exit(2);
}
