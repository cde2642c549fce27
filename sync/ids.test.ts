import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesToUuid, derivedUuid, isUuid, isUuidv7, uuidToBytes, uuidv7 } from "./ids.ts";
import { webRandomBytes } from "./signing/random.ts";

describe("UUIDs", () => {
  test("text and bytes turn into each other", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect([...uuidToBytes(bytesToUuid(bytes))]).toEqual([...bytes]);
      }),
    );
    const text = "00112233-4455-6677-8899-aabbccddeeff";
    expect(bytesToUuid(uuidToBytes(text))).toBe(text);
  });

  test.each([
    "",
    "00112233-4455-6677-8899-AABBCCDDEEFF",
    "{00112233-4455-6677-8899-aabbccddeeff}",
    "00112233445566778899aabbccddeeff",
    "00112233-4455-6677-8899-aabbccddeef",
    "00112233-4455-6677-8899-aabbccddeeff\n",
    "0011223g-4455-6677-8899-aabbccddeeff",
  ])("%j is no UUID in the text form in use", (text) => {
    expect(isUuid(text)).toBe(false);
    expect(() => uuidToBytes(text)).toThrow("UUID");
  });

  test.each([0, 15, 17])("%i bytes are no UUID", (length) => {
    expect(() => bytesToUuid(new Uint8Array(length))).toThrow("16 bytes");
  });
});

describe("UUIDv7", () => {
  test("RFC 9562 appendix A.6: the time of 22 February 2022 and its random bits", () => {
    const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuidv7(0x017f22e279b0, () => random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  });

  test("sorts by time, as text and as bytes", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: 2 ** 30 }), (time, later) => {
        expect(uuidv7(time, webRandomBytes) < uuidv7(time + later, webRandomBytes)).toBe(true);
      }),
    );
  });

  test("is a version 7 UUID, and other versions and variants are not", () => {
    expect(isUuidv7(uuidv7(Date.now(), webRandomBytes))).toBe(true);
    expect(isUuidv7("017f22e2-79b0-4cc3-98c4-dc0c0c07398f")).toBe(false);
    expect(isUuidv7("017f22e2-79b0-7cc3-c8c4-dc0c0c07398f")).toBe(false);
    expect(isUuidv7("017f22e2")).toBe(false);
  });

  test.each([-1, 2 ** 48, 1.5, Number.NaN])("a time of %d ms throws", (time) => {
    expect(() => uuidv7(time, webRandomBytes)).toThrow("time");
  });
});

test("a derived id is a version 8 UUID that only the text decides", () => {
  expect(derivedUuid("one")).toBe(derivedUuid("one"));
  expect(derivedUuid("one")).not.toBe(derivedUuid("two"));
  expect(derivedUuid("one")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
