import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOfLocalDate, isDate, isTimeZone, localDate } from "./local-date.ts";

const places = ["UTC", "Africa/Nairobi", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago"];
const withSummerTime = ["America/Santiago", "Africa/Cairo", "Europe/Lisbon", "Australia/Lord_Howe"];

describe("the date of a place", () => {
  test("is the one on its calendar, wherever UTC is", () => {
    const instant = Date.parse("2026-11-30T22:30:00Z");
    expect(localDate(instant, "UTC")).toBe("2026-11-30");
    expect(localDate(instant, "Africa/Nairobi")).toBe("2026-12-01");
    expect(localDate(instant, "America/Lima")).toBe("2026-11-30");
    expect(localDate(Date.parse("2026-12-31T11:00:00Z"), "Pacific/Kiritimati")).toBe("2027-01-01");
  });

  test("ends with its last millisecond, also where clocks are changed and where midnight is left out", () => {
    const dates = fc
      .date({ min: new Date("2000-01-01"), max: new Date("2060-12-31"), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    fc.assert(
      fc.property(dates, fc.constantFrom(...places, ...withSummerTime), (date, place) => {
        const end = endOfLocalDate(date, place);
        expect(localDate(end, place)).toBe(date);
        expect(localDate(end + 1, place) > date).toBe(true);
      }),
      { numRuns: 300 },
    );
    // Chile's clocks went from 24:00 to 01:00 on this night: the day after has no midnight.
    expect(new Date(endOfLocalDate("2024-09-07", "America/Santiago")).toISOString()).toBe(
      "2024-09-08T03:59:59.999Z",
    );
  });
});

test("a time zone is one of the IANA database, and a date one of the calendar", () => {
  expect(["Africa/Nairobi", "UTC", "Mars/Olympus", ""].map(isTimeZone)).toEqual([true, true, false, false]);
  expect(["2028-02-29", "2026-02-29", "2026-13-01", "30-11-2026", "2026-1-1"].map(isDate)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
