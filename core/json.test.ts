import { expect, test } from "vitest";
import { parseJson, TooDeepError, UnsafeIntegerError } from "./json.ts";

test("what is nested up to 64 levels is read, and what is deeper is refused before it is parsed", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  expect(() => parseJson(nested(64))).not.toThrow();
  expect(() => parseJson(nested(65))).toThrow(TooDeepError);
  expect(() => parseJson("[".repeat(5_000_000))).toThrow(TooDeepError);
  expect(() => parseJson('{"a":'.repeat(65) + "1" + "}".repeat(65))).toThrow(TooDeepError);
});

test("brackets within texts are no levels", () => {
  const text = "[{".repeat(100);
  expect(parseJson(JSON.stringify([text, `\\"${text}`, { [text]: 1 }]))).toEqual([
    text,
    `\\"${text}`,
    { [text]: 1 },
  ]);
  expect(parseJson(JSON.stringify(Array.from({ length: 200 }, () => [])))).toHaveLength(200);
});

test("a text that does not end is no JSON, and costs no more than its length", () => {
  expect(() => parseJson(`"${"\\".repeat(1_000_000)}`)).toThrow(SyntaxError);
});

test("no number loses anything, and none that would is read", () => {
  expect(parseJson('{"a":12.50}')).toMatchObject({ a: { text: "12.50" } });
  expect(() => parseJson("9007199254740993")).toThrow(UnsafeIntegerError);
});
