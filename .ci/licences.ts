// Lists the licence of every package that is installed, and fails on one that nobody has looked at.
import { readFileSync } from "node:fs";

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly license?: string; readonly dev?: boolean }>
  >;
}

/** Each lets us distribute what we make under Apache-2.0. */
const permissive = [
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "Unlicense",
  "BlueOak-1.0.0",
  "Python-2.0",
  "PostgreSQL",
  "(MIT OR CC0-1.0)",
  "(WTFPL OR MIT)",
  "WTFPL OR ISC",
  "MIT or MPL-2.0",
];
/** For what is only built or tested with, and never passed on. */
const forDevelopment = ["MPL-2.0", "WTFPL"];

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as Lock;
const packages = Object.entries(lock.packages)
  .filter(([path]) => path !== "")
  .map(([path, { version, license = "none", dev = false }]) => ({
    name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
    version,
    license,
    dev,
  }));
for (const { name, version, license, dev } of packages)
  console.log(`${name} ${version}: ${license}${dev ? " (development only)" : ""}`);
const unknown = packages.filter(
  ({ license, dev }) => !permissive.includes(license) && !(dev && forDevelopment.includes(license)),
);
for (const { name, license } of unknown)
  console.error(`${name} has the licence ${license}, which nobody has looked at`);
process.exitCode = unknown.length === 0 ? 0 : 1;
