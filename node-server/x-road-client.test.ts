import { expect, test } from "vitest";
import { formatXRoadClient } from "./x-road-client.ts";

test("an identifier has one spelling", () => {
  expect(formatXRoadClient("EE/GOV/70000001/welfare")).toBe("EE/GOV/70000001/welfare");
  expect(formatXRoadClient("%45E/GOV/70000001/welf%61re")).toBe("EE/GOV/70000001/welfare");
  expect(formatXRoadClient("EE/GOV/7/W%C3%BCrde")).toBe(formatXRoadClient("EE/GOV/7/Würde"));
});

test.each([
  "EE/GOV/70000001",
  "EE/GOV/70000001/welfare/getRandom",
  "EE//70000001/welfare",
  "EE/GOV/7000%2F0001/welfare",
  "EE/GOV/70000001/wel%00fare",
  "EE/GOV/70000001/%zz",
  "",
])("%s is none", (text) => expect(formatXRoadClient(text)).toBeUndefined());
