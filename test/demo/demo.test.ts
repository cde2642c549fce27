/** What the README offers first: `npm run demo` checks every claim that it prints, and all of them hold. */
import { expect, test } from "vitest";
import { run } from "../support/processes.ts";

test("the demo holds what it says", async () => {
  const { code, stdout } = await run("test/demo/demo.ts", []);
  expect(stdout).not.toContain("DID NOT HOLD");
  expect(stdout).toContain("All of it held.");
  expect(code).toBe(0);
});
