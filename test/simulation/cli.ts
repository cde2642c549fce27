/**
 * `npm run simulate -- --seeds N [--from S] [--minutes M] [--store memory|postgres] [--workers W] [--failures F]
 * [--without SAFEGUARD] [--mutations]`. It ends at the first seed that fails, or at the Fth. Each worker is a process of its own with a database of its own, and takes the next seed that nobody has
 * taken.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { startCluster } from "../support/postgres.global.ts";
import { runSeed } from "./run.ts";
import type { Outcome } from "./run.ts";
import { memoryStores, postgresStores, storeNames } from "./stores.ts";
import type { StoreName } from "./stores.ts";
import { none, weaknesses } from "./weaknesses.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    minutes: { type: "string", default: "600" },
    store: { type: "string", default: "memory" },
    workers: { type: "string", default: String(availableParallelism()) },
    failures: { type: "string", default: "1" },
    without: { type: "string" },
    mutations: { type: "boolean", default: false },
  },
});

const {
  from,
  seeds,
  minutes,
  workers,
  failures: mostFailures,
} = {
  seeds: count("seeds"),
  from: count("from"),
  minutes: count("minutes"),
  workers: count("workers"),
  failures: count("failures"),
};
const { without } = values;
if (without !== undefined && !Object.hasOwn(weaknesses, without))
  refuse(`there is no safeguard ${without}; there are: ${Object.keys(weaknesses).join(", ")}`);
const storeName: StoreName =
  storeNames.find((name) => name === values.store) ??
  refuse(`--store ${values.store}: there are ${storeNames.join(" and ")}`);

/** What a worker is asked to play: one seed, with one safeguard away or with none. */
interface Task {
  readonly seed: number;
  readonly without: string | undefined;
}

/** What it tells of it. */
interface Played extends Task {
  readonly operations: number;
  readonly found: string | undefined;
  /** What the same seed breaks with every safeguard in place: then the find says nothing of the one that is away. */
  readonly foundAnyway: string | undefined;
  /** The whole story of a seed that broke a promise. */
  readonly story: string;
}

const clusterUrl = process.env["SIMULATION_CLUSTER"];
if (clusterUrl === undefined) {
  const cluster = storeName === "postgres" ? await startCluster() : undefined;
  try {
    const url = cluster?.url ?? "";
    process.exitCode = values.mutations ? await checkMutations(url) : await checkSeeds(url);
  } finally {
    await cluster?.stop();
  }
} else await work(clusterUrl);

async function checkSeeds(url: string): Promise<number> {
  const begun = performance.now();
  const untilMs = begun + minutes * 60_000;
  let [done, operations, toldMs, next] = [0, 0, begun, from];
  let failed = 0;
  await inWorkers(url, {
    next() {
      const isOver = next >= from + seeds || performance.now() > untilMs || failed >= mostFailures;
      return isOver ? undefined : { seed: next++, without };
    },
    onPlayed(played) {
      done += 1;
      operations += played.operations;
      if (played.found !== undefined) {
        failed += 1;
        console.log(played.story);
      }
      if (performance.now() - toldMs < 60_000) return;
      toldMs = performance.now();
      console.log(`${done} of ${seeds} seeds`);
    },
  });
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const kept = failed === 0 ? "every promise kept" : `${failed} failed`;
  console.log(`${done} seeds from ${from} on ${storeName}: ${kept}; ${operations} operations, ${seconds} s`);
  return failed === 0 ? 0 : 1;
}

/** One safeguard after the other, until a seed breaks a promise without it that it keeps with it. */
async function checkMutations(url: string): Promise<number> {
  const most = Math.min(500, seeds);
  const open = Object.keys(weaknesses).filter((name) => without === undefined || name === without);
  const found = new Map<string, Played>();
  const tried = new Map<string, number>();
  let failed: string | undefined;
  await inWorkers(url, {
    next() {
      for (const name of failed === undefined ? open : []) {
        const seed = tried.get(name) ?? from;
        if (found.has(name) || seed >= from + most) continue;
        tried.set(name, seed + 1);
        return { seed, without: name };
      }
      return undefined;
    },
    onPlayed(played) {
      const name = played.without ?? "";
      if (played.foundAnyway !== undefined) {
        failed ??= `seed ${played.seed} fails with every safeguard in place: ${played.foundAnyway}`;
        return;
      }
      const earlier = found.get(name);
      if (played.found === undefined || (earlier && earlier.seed < played.seed)) return;
      found.set(name, played);
      console.log(`${name.padEnd(26)} seed ${played.seed}: ${played.found}`);
    },
  });
  if (failed !== undefined) {
    console.log(failed);
    return 1;
  }
  const missed = open.filter((name) => !found.has(name));
  for (const name of missed) console.log(`${name.padEnd(26)} not found in ${most} seeds on ${storeName}`);
  return missed.length === 0 ? 0 : 1;
}

/** Throws when a worker fails by itself. */
async function inWorkers(
  url: string,
  { next, onPlayed }: { next(): Task | undefined; onPlayed(played: Played): void },
): Promise<void> {
  const env = { ...process.env, SIMULATION_CLUSTER: url };
  const runs = Array.from({ length: Math.min(workers, seeds) }, () => {
    const worker = fork(import.meta.filename, process.argv.slice(2), { env });
    let task: Task | undefined;
    const give = (): void => {
      task = next();
      if (task) worker.send(task);
      else worker.disconnect();
    };
    worker.on("message", (message: Played | "ready") => {
      if (message !== "ready") onPlayed(message);
      give();
    });
    return new Promise<void>((resolve, reject) => {
      worker.once("exit", (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`a worker ended with ${signal ?? code} at seed ${task?.seed ?? "none"}`));
      });
    });
  });
  await Promise.all(runs);
}

/** As a worker: plays what it is told to until there is nothing more. */
async function work(url: string): Promise<void> {
  const stores = url === "" ? await memoryStores() : await postgresStores(url);
  const play = async (task: Task): Promise<void> => {
    const weakness = (task.without === undefined ? undefined : weaknesses[task.without]) ?? none;
    const outcome = await runSeed(stores, task.seed, weakness);
    const found = firstOf(outcome);
    const isWeakened = found !== undefined && task.without !== undefined;
    process.send?.({
      ...task,
      operations: outcome.operations,
      found,
      foundAnyway: isWeakened ? firstOf(await runSeed(stores, task.seed, none)) : undefined,
      story: story(outcome, task),
    } satisfies Played);
  };
  process.on("message", (task: Task) => void play(task));
  process.send?.("ready");
  await new Promise((resolve) => process.once("disconnect", resolve));
  await stores.close();
}

function firstOf({ broken: [first] }: Outcome): string | undefined {
  return first && `${first.promise}, ${first.what.split("\n")[0]}`;
}

function story({ seed, broken, history }: Outcome, task: Task): string {
  const weakened = task.without === undefined ? "" : ` --without ${task.without}`;
  const again = `npm run simulate -- --seeds 1 --from ${seed} --store ${storeName}${weakened}`;
  const breaks = broken.map(({ promise, what }) => `BROKEN ${promise}: ${what}`);
  return [...history, ...breaks, `Seed ${seed} failed. Again: ${again}`].join("\n");
}

function count(option: "seeds" | "from" | "minutes" | "workers" | "failures"): number {
  const value = Number(values[option]);
  return Number.isSafeInteger(value) && value > 0
    ? value
    : refuse(`--${option} ${values[option]}: a whole number above 0 is needed`);
}

function refuse(what: string): never {
  console.error(what);
  process.exit(2);
}
