// Closes a run: names what failed in any of its reports, then tells in one line how many tests passed, failed and
// were skipped.
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const paths = process.argv.slice(2);
if (paths.length === 0) throw new Error("usage: summary.ts RESULTS.json ...");
let [passed, failed, skipped] = [0, 0, 0];
for (const path of paths) {
  const report = JSON.parse(readFileSync(path, "utf8")) as Report;
  const names = report.testResults.flatMap((file) => {
    const tests = file.assertionResults.filter((test) => test.status === "failed");
    if (tests.length > 0) return tests.map((test) => `${file.name}: ${test.fullName}`);
    // A file that fails before its first test has no failed test of its own.
    return file.status === "failed" ? [`${file.name}: before its first test`] : [];
  });
  for (const name of names) console.log(`failed: ${name}`);
  passed += report.numPassedTests;
  failed += names.length;
  skipped += report.numPendingTests;
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
