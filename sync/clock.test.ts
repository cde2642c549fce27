import { describe, expect, test } from "vitest";
import { clockOffsetMs, clockToleranceMs, nextAnchor, trustedTime } from "./clock.ts";
import type { ClockAnchor } from "./clock.ts";

const hour = 3_600_000;
const anchor: ClockAnchor = {
  serverTimeMs: 100 * hour,
  wallMs: 90 * hour,
  bootId: "a",
  sinceBootMs: hour,
  policyVersion: 1,
};

function machine(wallMs: number, sinceBootMs: number, bootId = "a") {
  return { wallMs: () => wallMs, sinceBootMs: () => sinceBootMs, bootId };
}

describe("4.6: the trusted time", () => {
  test("is the last server time and the time since boot, however wrong the wall clock is set", () => {
    const time = trustedTime(anchor, machine(91 * hour, 2 * hour), 0);
    expect(time).toEqual({ nowMs: 101 * hour, anchored: true });
  });

  test("is not anchored where the wall clock was moved since, and never earlier than boot time says", () => {
    const back = trustedTime(anchor, machine(50 * hour, 2 * hour), 0);
    expect(back).toEqual({ nowMs: 101 * hour, anchored: false });
    const forth = trustedTime(anchor, machine(95 * hour, 2 * hour), 0);
    expect(forth).toEqual({ nowMs: 105 * hour, anchored: false });
  });

  test("bears a drift within the tolerance, and not a millisecond more", () => {
    const drifted = (ms: number) => trustedTime(anchor, machine(91 * hour + ms, 2 * hour), 0).anchored;
    expect(drifted(clockToleranceMs)).toBe(true);
    expect(drifted(-clockToleranceMs)).toBe(true);
    expect(drifted(clockToleranceMs + 1)).toBe(false);
    expect(drifted(-clockToleranceMs - 1)).toBe(false);
  });

  test("is not anchored after a restart; a machine that wakes at the hour it went off is not believed backwards", () => {
    const woken = trustedTime(anchor, machine(80 * hour, 10, "b"), 103 * hour);
    expect(woken).toEqual({ nowMs: 103 * hour, anchored: false });
    const later = trustedTime(anchor, machine(96 * hour, 10, "b"), 103 * hour);
    expect(later).toEqual({ nowMs: 106 * hour, anchored: false });
  });

  test("is not anchored where the time since boot went back within what claims to be one boot", () => {
    expect(trustedTime(anchor, machine(90 * hour, hour - 1), 0).anchored).toBe(false);
  });

  test("without any anchor is the wall clock, not anchored", () => {
    expect(trustedTime(undefined, machine(7, 1), 0)).toEqual({ nowMs: 7, anchored: false });
    expect(trustedTime(undefined, machine(7, 1), 9)).toEqual({ nowMs: 9, anchored: false });
  });
});

describe("a signed server time", () => {
  const heard = (serverTimeMs: number, sinceBootMs: number, bootId = "a"): ClockAnchor => ({
    serverTimeMs,
    wallMs: 91 * hour,
    bootId,
    sinceBootMs,
    policyVersion: 2,
  });

  test("moves the anchor", () => {
    expect(nextAnchor(anchor, heard(101 * hour, 2 * hour)).serverTimeMs).toBe(101 * hour);
    expect(nextAnchor(undefined, heard(5, 5)).serverTimeMs).toBe(5);
  });

  test("that is an old one told again changes nothing, in this boot or the next", () => {
    expect(nextAnchor(anchor, heard(100 * hour, 2 * hour))).toBe(anchor);
    expect(nextAnchor(anchor, heard(99 * hour, 5, "b"))).toBe(anchor);
    expect(nextAnchor(anchor, heard(100 * hour + 1, 5, "b")).bootId).toBe("b");
  });
});

test("the offset shows how far the wall clock is ahead of the server's", () => {
  expect(clockOffsetMs(anchor)).toBe(-10 * hour);
});
