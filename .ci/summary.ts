// Closes a run: names the files that took longest and what failed in any of its reports, then tells in one line how many
// tests passed, failed and were skipped.
import { readFileSync } from "node:fs";

/** How many of the files that took longest are named. */
const longest = 20;

interface Report {
  readonly numPassedTests: number;
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
const reports = paths.map((path) => JSON.parse(readFileSync(path, "utf8")) as Report);
const files = reports.flatMap(({ testResults }) =>
  testResults.map((file) => ({ ...file, seconds: (file.endTime - file.startTime) / 1000 })),
);
const failures = files.flatMap(({ name, status, assertionResults }) => {
  const tests = assertionResults.filter((test) => test.status === "failed");
  if (tests.length > 0) return tests.map((test) => `${name}: ${test.fullName}`);
  // A file that fails before its first test has no failed test of its own.
  return status === "failed" ? [`${name}: before its first test`] : [];
});
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
const passed = sum(reports.map(({ numPassedTests }) => numPassedTests));
const skipped = sum(reports.map(({ numPendingTests }) => numPendingTests));
for (const { name, seconds } of files.toSorted((one, other) => other.seconds - one.seconds).slice(0, longest))
  console.log(`${seconds.toFixed(0).padStart(5)} s  ${name}`);
for (const name of failures) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failures.length} failed, ${skipped} skipped`);
