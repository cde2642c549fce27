/** `npm run simulate -- --seeds N [--from S] [--minutes M] [--store postgres] [--without SAFEGUARD] [--mutations]` */
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
    store: { type: "string", default: "postgres" },
    without: { type: "string" },
    mutations: { type: "boolean", default: false },
  },
});

const counts = { seeds: count("seeds"), from: count("from"), minutes: count("minutes") };
const { without } = values;
if (without !== undefined && !Object.hasOwn(weaknesses, without))
  refuse(`there is no safeguard ${without}; there are: ${Object.keys(weaknesses).join(", ")}`);
if (values.store !== "postgres") refuse(`--store ${values.store}: the simulation runs on postgres only`);

const cluster = await startCluster();
try {
  const kind = await postgresStores(cluster.url);
  process.exitCode = values.mutations ? await checkMutations(kind) : await checkSeeds(kind);
} finally {
  await cluster.stop();
}

async function checkSeeds(kind: StoreKind): Promise<number> {
  const weakness = (without === undefined ? undefined : weaknesses[without]) ?? none;
  const { from, seeds } = counts;
  const begun = performance.now();
  const untilMs = begun + counts.minutes * 60_000;
  let [done, operations] = [0, 0];
  for (let seed = from; seed < from + seeds && performance.now() < untilMs; seed += 1) {
    const outcome = await runSeed(kind, seed, weakness);
    if (outcome.broken.length > 0) {
      console.log(failure(kind, outcome));
      return 1;
    }
    done += 1;
    operations += outcome.operations;
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${done} seeds from ${from} on ${kind.name}: every promise kept; ${operations} operations, ${seconds.toFixed(0)} s`,
  );
  return 0;
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
    console.log(`${safeguard.padEnd(38)} ${kind.name.padEnd(9)} ${told}`);
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

function failure({ name }: StoreKind, { seed, broken, history }: Outcome): string {
  const weakened = without === undefined ? "" : ` --without ${without}`;
  return [
    ...history,
    ...broken.map(({ promise, what }) => `BROKEN ${promise}: ${what}`),
    `Seed ${seed} failed. Again: npm run simulate -- --seeds 1 --from ${seed} --store ${name}${weakened}`,
  ].join("\n");
}

function count(option: "seeds" | "from" | "minutes"): number {
  const value = Number(values[option]);
  return Number.isSafeInteger(value) && value > 0
    ? value
    : refuse(`--${option} ${values[option]}: a whole number above 0 is needed`);
}

function refuse(what: string): never {
  console.error(what);
  process.exit(2);
}
