import { assert, constantFrom, oneof, property, string, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";

test("bytes come back as they were", () => {
  assert(
    property(uint8Array({ maxLength: 300 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    }),
  );
});

test("a text is read only where it is what its bytes are written as", () => {
  const base64ish = string({ unit: constantFrom(...Array.from("AQgwBEz9+/=-_ \n")), maxLength: 9 });
  assert(
    property(oneof(base64ish, string({ maxLength: 9 })), (text) => {
      const isCanonical = Buffer.from(text, "base64").toString("base64") === text;
      expect(fromBase64(text) !== undefined).toBe(isCanonical);
    }),
    { numRuns: 2000 },
  );
});
