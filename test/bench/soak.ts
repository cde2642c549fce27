/**
 * `npm run soak [-- --minutes 10]`: three times the load that the server can carry, for so long. Prints a line
 * every ten seconds: what it took and shed, how long the slowest of a hundred waited, and its memory; fails
 * where memory grows or anything but 200, 429 and 503 is answered.
 */
import { parseArgs } from "node:util";
import { withBed } from "./bed.ts";
import type { Bed } from "./bed.ts";
import { carriedBy, overload } from "./overload.ts";
import type { Overloaded } from "./overload.ts";
import { plantVouchers } from "./plant.ts";
import { residentMiB } from "./process-use.ts";
import { redeemOverHttp } from "./redeeming.ts";
import { percentile } from "./row.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const seconds = Number(values.minutes) * 60;
const [times, everySeconds, warmUp, mostGrowth] = [3, 10, 100, 1.15];

const wrong = await withBed(soak);
for (const what of wrong) console.log(`WRONG: ${what}`);
process.exitCode = wrong.length === 0 ? 0 : 1;

async function soak(bed: Bed): Promise<string[]> {
  const keys = bed.keys;
  const plant = (count: number) => bed.withDatabase((client) => plantVouchers(client, keys, count));
  const first = await plant(warmUp * 10);
  return bed.withServer(async ({ child }) => {
    const carried = carriedBy(await redeemOverHttp(bed, first, warmUp));
    const perSecond = times * carried;
    console.log(`it carries ${carried.toFixed(0)} redemptions a second, and gets ${perSecond.toFixed(0)}`);
    // What is shed comes back: twice what it carries is enough.
    const supply = await plant(Math.ceil(2 * carried * seconds + perSecond));
    const memory: number[] = [];
    const before = { accepted: 0, shed: 0 };
    const onSecond = async (second: number, soFar: Overloaded) => {
      if (second % everySeconds !== 0) return;
      memory.push(await residentMiB(child.pid));
      const { accepted, shed } = soFar;
      console.log(lineOf(second, accepted.slice(before.accepted), shed - before.shed, memory));
      Object.assign(before, { accepted: accepted.length, shed });
    };
    const { failures } = await overload(bed, supply, { perSecond, seconds }, onSecond);
    return [...growthOf(memory), ...failures.slice(0, 10)];
  });
}

function lineOf(second: number, took: readonly number[], shed: number, memory: readonly number[]): string {
  const rate = (count: number) => (count / everySeconds).toFixed(0).padStart(5);
  const p99 = took.length === 0 ? "-" : percentile(took, 0.99).toFixed(0);
  const now = memory.at(-1) ?? 0;
  const bar = "#".repeat(Math.round(now / 10));
  return `${String(second).padStart(5)} s ${rate(took.length)}/s taken ${rate(shed)}/s shed ${p99.padStart(6)} ms ${now.toFixed(0).padStart(5)} MiB ${bar}`;
}

/** The first tenth warms up; after that the second half may have no more than the first. */
function growthOf(memory: readonly number[]): string[] {
  const settled = memory.slice(Math.ceil(memory.length / 10));
  const half = Math.floor(settled.length / 2);
  const mean = (some: readonly number[]) => some.reduce((sum, each) => sum + each, 0) / some.length;
  if (half === 0) return [];
  const [first, second] = [mean(settled.slice(0, half)), mean(settled.slice(half))];
  console.log(`memory: ${first.toFixed(0)} MiB in the first half, ${second.toFixed(0)} MiB in the second`);
  return second > mostGrowth * first ? ["memory grows"] : [];
}
