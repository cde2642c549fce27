import { expect, test } from "vitest";
import { luhnDigit } from "#core/voucher-number.ts";
import { digitsOf, groupDigits, numberState, serialOf, tokenIn } from "./voucher-text.ts";

const number = `888188521821829${luhnDigit("888188521821829")}`;

test("a square code is found in what a scanner typed, with the spaces that belong to it and without the line's end", () => {
  expect(tokenIn("PV1:AB 12 \r\n")).toBe("PV1:AB 12 ");
  expect(tokenIn("12PV1:OLDPV1:NEW")).toBe("PV1:NEW");
  expect(tokenIn("PV1:")).toBeUndefined();
  expect(tokenIn("0000000001")).toBeUndefined();
});

test("numbers typed in Arabic or Persian digits are the same numbers", () => {
  expect(digitsOf("٨٨٨١ ٨٨٥٢")).toBe("88818852");
  expect(serialOf("۰۰۰۰۰۰۰۰۰۷")).toBe("0000000007");
});

test("digits are grouped by four, as on the voucher, and no group is empty", () => {
  expect(groupDigits("")).toBe("");
  expect(groupDigits("1234")).toBe("1234");
  expect(groupDigits("123456789")).toBe("1234 5678 9");
});

test("a number is incomplete, then right or wrong by its last digit; too many digits are wrong", () => {
  const lastDigit = Number(number.at(-1));
  expect(numberState(number.slice(0, 15))).toBe("incomplete");
  expect(numberState(number)).toBe("right");
  expect(numberState(number.slice(0, 15) + String((lastDigit + 1) % 10))).toBe("wrong");
  expect(numberState(`${number}0`)).toBe("wrong");
});

test("only digits with spaces and dashes are a serial number", () => {
  expect(serialOf(" 000-000 0012 ")).toBe("0000000012");
  expect(serialOf("12a")).toBeUndefined();
  expect(serialOf("0")).toBeUndefined();
});
