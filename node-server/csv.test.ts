import { expect, test } from "vitest";
import { toCsv } from "./csv.ts";

test("cells with commas, quotes and line feeds are quoted (RFC 4180)", () => {
  expect(toCsv([["a,b", 'say "x"', "two\nlines", 5n, null]])).toBe('"a,b","say ""x""","two\nlines",5,\r\n');
});

test.each(["=1+1", "+1", "-1", "@sum", "\tx"])("a text that begins like a formula is not one: %s", (text) => {
  expect(toCsv([[text]])).toBe(`'${text}\r\n`);
});

test("a negative number stays a number", () => expect(toCsv([[-5]])).toBe("-5\r\n"));
