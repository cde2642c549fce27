import { describe, expect, test } from "vitest";
import { hasExpired, isPastEnd } from "./voucher-validity.ts";

const expiresAt = new Date("2026-03-31T12:00:00.000Z");
const later = (ms: number) => new Date(expiresAt.getTime() + ms);

describe("a voucher's end", () => {
  test("is the last instant at which it is good", () => {
    expect([-1, 0, 1].map((ms) => isPastEnd({ expiresAt }, later(ms)))).toEqual([false, false, true]);
  });

  test.each(["preActivated", "activated", "suspended"] as const)("alone refuses one that is %s", (state) => {
    expect([0, 1].map((ms) => hasExpired({ state, expiresAt }, later(ms)))).toEqual([false, true]);
  });

  test.each(["leased", "redeeming", "blocked", "consumed", "cancelled", "expired", "purged"] as const)(
    "leaves one that is %s to its state",
    (state) => {
      expect(hasExpired({ state, expiresAt }, later(1))).toBe(false);
    },
  );
});
