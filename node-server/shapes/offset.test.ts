import { expect, test } from "vitest";
import { chunkOffset, offsetOf, parseOffset, placeInRun } from "./offset.ts";

test("an offset names the position that it was made from", () => {
  const place = { position: 45n, run: 42n };
  expect(offsetOf(place)).toBe("42_6");
  expect(placeInRun(place)).toBe(6);
  expect(parseOffset("42_6")).toEqual({ position: 45n });
});

test("an lsn of 0 is the snapshot: an answer of it, or its end", () => {
  expect(parseOffset("0_0")).toEqual({ chunk: 0 });
  expect(parseOffset(chunkOffset(7))).toEqual({ chunk: 7 });
  expect(parseOffset("0_inf")).toBe("snapshot-end");
  expect(parseOffset(`0_${"9".repeat(20)}`)).toEqual({ chunk: 2 ** 31 - 2 });
});

test("only a snapshot has an open end, and nothing else is an offset", () => {
  for (const text of ["", "7", "7_inf", "-2", "1_-1", "1_2_3", "1_2 ", "now_0", "0x1_0", "1e3_0"]) {
    expect(parseOffset(text)).toBeUndefined();
  }
});

test("an offset of any length is refused before it is counted with", () => {
  expect(parseOffset(`${"9".repeat(21)}_0`)).toBeUndefined();
  expect(parseOffset(`${"9".repeat(20)}_0`)).toEqual({ position: 99_999_999_999_999_999_999n });
});
