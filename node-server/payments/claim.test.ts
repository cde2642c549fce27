import { expect, test } from "vitest";
import { isUuid } from "#sync/ids.ts";
import { claimIdOf } from "./claim.ts";

test("4.8: the id of a claim, which is a provider's idempotency key, derives from its cause and never from chance", () => {
  const cause = "operation:0192f0aa";
  // Written down once: what a provider was told before a restore it must be told again after it.
  expect(claimIdOf(cause)).toBe("cffa67c5-6d84-81fb-b32b-5e413144a716");
  expect(isUuid(claimIdOf(cause))).toBe(true);
  const causes = Array.from({ length: 1000 }, (_, index) => `operation:${index}`);
  expect(new Set(causes.map(claimIdOf)).size).toBe(1000);
});
