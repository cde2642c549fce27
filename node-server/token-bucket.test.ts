import { expect, test } from "vitest";
import { createRateLimit } from "./token-bucket.ts";

test("a burst passes at once, and then so many a second", () => {
  let now = 0;
  const limit = createRateLimit({ perSecond: 2, burst: 3 }, () => now);
  expect([1, 2, 3].map(() => limit.take("a"))).toEqual([undefined, undefined, undefined]);
  expect(limit.take("a")).toBe(1);
  now += 500;
  expect(limit.take("a")).toBeUndefined();
  expect(limit.take("a")).toBe(1);
});

test("nobody is refused for what somebody else asked", () => {
  const limit = createRateLimit({ perSecond: 1, burst: 1 }, () => 0);
  limit.take("a");
  expect(limit.take("a")).toBe(1);
  expect(limit.take("b")).toBeUndefined();
});

test("who waits as long as it was told is let in", () => {
  let now = 0;
  const limit = createRateLimit({ perSecond: 0.1, burst: 1 }, () => now);
  limit.take("a");
  const seconds = limit.take("a") ?? 0;
  expect(seconds).toBe(10);
  now += seconds * 1000;
  expect(limit.take("a")).toBeUndefined();
});

test("looking takes nothing, and a clock that goes back gives nothing", () => {
  let now = 1000;
  const limit = createRateLimit({ perSecond: 1, burst: 1 }, () => now);
  expect([limit.look("a"), limit.look("a"), limit.take("a")]).toEqual([undefined, undefined, undefined]);
  now = 0;
  expect(limit.look("a")).toBe(1);
});

test("of a hundred thousand keys only the latest are remembered", () => {
  const limit = createRateLimit({ perSecond: 1, burst: 1 }, () => 0);
  for (let key = 0; key < 100_000; key += 1) limit.take(String(key));
  expect(limit.look("99999")).toBe(1);
  expect(limit.look("80000")).toBe(1);
  expect(limit.look("79999")).toBeUndefined();
});
