// Prints the one line that closes a run: how many tests passed, failed and were skipped, in all of its reports.
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
}

const paths = process.argv.slice(2);
if (paths.length === 0) throw new Error("usage: summary.ts RESULTS.json ...");
let [passed, failed, skipped] = [0, 0, 0];
for (const path of paths) {
  const report = JSON.parse(readFileSync(path, "utf8")) as Report;
  passed += report.numPassedTests;
  // A suite that fails before its first test has no failed test of its own.
  failed += Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0);
  skipped += report.numPendingTests;
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
