/**
 * `npm run bench [-- ROW …] [--json] [--part 0.01]`: each row measures ours and the raw limit of this machine
 * in one run and prints their ratio. docs/performance.md says what each means. Nothing else should run
 * meanwhile.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { isMet, ratioOf } from "./row.ts";
import type { BenchRow, Figure } from "./row.ts";
import { backpressure } from "./rows/backpressure.ts";
import { creation } from "./rows/creation.ts";
import { fanOut } from "./rows/fan-out.ts";
import { firstSync } from "./rows/first-sync.ts";
import { growth } from "./rows/growth.ts";
import { offlineRedemption } from "./rows/offline-redemption.ts";
import { onlineRedemption } from "./rows/online-redemption.ts";
import { partitions } from "./rows/partitions.ts";
import { settling } from "./rows/settling.ts";
import { startRow } from "./rows/start.ts";
import { tables } from "./rows/tables.ts";
import { wire } from "./rows/wire.ts";
import { fullSizes, partOf } from "./sizes.ts";

const rows: readonly BenchRow[] = [
  onlineRedemption,
  settling,
  offlineRedemption,
  firstSync,
  fanOut,
  creation,
  wire,
  backpressure,
  startRow,
  growth,
  tables,
  partitions,
];

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false }, part: { type: "string", default: "1" } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => rows.every((row) => row.name !== name));
if (unknown !== undefined) {
  console.error(`There is no row ${unknown}; there are: ${rows.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

const part = Number(values.part);
if (!(part > 0 && part <= 1)) {
  console.error("--part must be above 0 and at most 1");
  process.exit(2);
}

const chosen = rows.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const sizes = partOf(fullSizes, part);
const told: { row: string; comparedWith: string; figures: readonly Figure[] }[] = [];
say(`${cpus().length} processors (${cpus()[0]?.model.trim()}), load ${loadavg()[0]?.toFixed(1)}`);
for (const row of chosen) {
  say(`\n${row.name}, beside ${row.comparedWith}`);
  const figures = await row.run(sizes);
  for (const figure of figures) say(line(figure));
  told.push({ row: row.name, comparedWith: row.comparedWith, figures });
}
if (values.json) console.log(JSON.stringify({ at: new Date().toISOString(), rows: told }, null, 2));
process.exitCode = told.flatMap(({ figures }) => figures).some((figure) => isMet(figure) === false) ? 1 : 0;

function say(text: string): void {
  if (values.json) console.error(text);
  else console.log(text);
}

function line(figure: Figure): string {
  const { what, ours, raw, unit, goal } = figure;
  const ratio = ratioOf(figure);
  const beside = raw === null ? "" : `, raw ${number(raw)} ${unit}, ratio ${ratio?.toFixed(2)}`;
  const wanted =
    goal === null
      ? ""
      : ` (${"atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`}: ${isMet(figure) ? "met" : "NOT MET"})`;
  return `  ${what}: ${number(ours)} ${unit}${beside}${wanted}`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
