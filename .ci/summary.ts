// Closes a run: names the files that took longest and what failed in any of its reports, then tells in one line how many
// tests passed, failed and were skipped.
import { readFileSync } from "node:fs";

/** How many of the files that took longest are named. */
const longest = 20;

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Both in milliseconds. */
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const paths = process.argv.slice(2);
if (paths.length === 0) throw new Error("usage: summary.ts RESULTS.json ...");
const failures: string[] = [];
const times: (readonly [file: string, seconds: number])[] = [];
let [passed, failed, skipped] = [0, 0, 0];
for (const path of paths) {
  const report = JSON.parse(readFileSync(path, "utf8")) as Report;
  const names = report.testResults.flatMap((file) => {
    const tests = file.assertionResults.filter((test) => test.status === "failed");
    if (tests.length > 0) return tests.map((test) => `${file.name}: ${test.fullName}`);
    // A file that fails before its first test has no failed test of its own.
    return file.status === "failed" ? [`${file.name}: before its first test`] : [];
  });
  for (const { name, startTime, endTime } of report.testResults)
    times.push([name, (endTime - startTime) / 1000]);
  failures.push(...names);
  passed += report.numPassedTests;
  failed += names.length;
  skipped += report.numPendingTests;
}
for (const [file, seconds] of times.toSorted(([, one], [, other]) => other - one).slice(0, longest))
  console.log(`${seconds.toFixed(0).padStart(5)} s  ${file}`);
for (const name of failures) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
