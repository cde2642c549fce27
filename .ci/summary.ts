// Prints the one line that closes a run: how many tests passed, failed and were skipped.
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
}

const path = process.argv[2];
if (path === undefined) throw new Error("usage: summary.ts RESULTS.json");
const report = JSON.parse(readFileSync(path, "utf8")) as Report;
// A suite that fails before its first test has no failed test of its own.
const failed = Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0);
console.log(`${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests} skipped`);
