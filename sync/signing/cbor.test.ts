import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCbor, encodeCbor, maxCborBytes, type CborValue } from "./cbor.ts";

const integers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 1n << 53n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: -(1n << 64n), max: -(1n << 53n) }),
);
const texts = fc.string({ unit: "binary" }).filter((text) => !text.startsWith("\uFEFF"));
const values = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    integers,
    texts,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    fc.array(tie("value"), { maxLength: 30 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(integers, texts), tie("value")), {
        selector: ([key]) => key,
        maxLength: 30,
      })
      .map((entries) => new Map(entries)),
  ),
})).value;

describe("deterministic CBOR", () => {
  test("decode(encode(x)) = x", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeCbor(encodeCbor(value))).toEqual({ ok: true, value: withoutMinusZero(value) });
      }),
      { numRuns: 500 },
    );
  });

  test("map entries are written in one order, whatever order they were put in", () => {
    fc.assert(
      fc.property(fc.dictionary(texts, fc.integer()), (entries) => {
        const forward = Object.entries(entries);
        expect(encodeCbor(new Map(forward))).toEqual(encodeCbor(new Map(forward.toReversed())));
      }),
    );
  });

  test("arbitrary bytes never throw, and whatever is accepted is the one encoding of its value", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const decoded = decodeCbor(bytes);
        expect(decoded.ok ? bytesToHex(encodeCbor(decoded.value)) : bytesToHex(bytes)).toBe(
          bytesToHex(bytes),
        );
      }),
      { numRuns: 20_000 },
    );
  });

  test("every change of one byte gives a refusal or another value, never the same value", () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, change) => {
        const bytes = encodeCbor(value);
        const changed = bytes.slice();
        changed[place % bytes.length] = (changed[place % bytes.length] ?? 0) ^ change;
        const decoded = decodeCbor(changed);
        expect(decoded.ok ? bytesToHex(encodeCbor(decoded.value)) : "").not.toBe(bytesToHex(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  // RFC 8949 appendix A.
  test.each<[CborValue, string]>([
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [255, "18ff"],
    [256, "190100"],
    [65_535, "19ffff"],
    [65_536, "1a00010000"],
    [1_000_000_000_000, "1b000000e8d4a51000"],
    [18_446_744_073_709_551_615n, "1bffffffffffffffff"],
    [-1, "20"],
    [-1000, "3903e7"],
    [-18_446_744_073_709_551_616n, "3bffffffffffffffff"],
    [false, "f4"],
    [null, "f6"],
    [hexToBytes("01020304"), "4401020304"],
    ["ü", "62c3bc"],
    ["𐅑", "64f0908591"],
    [[1, [2, 3], [4, 5]], "8301820203820405"],
    [new Map(), "a0"],
  ])("%o is %s", (value, hex) => {
    expect(bytesToHex(encodeCbor(value))).toBe(hex);
    expect(decodeCbor(hexToBytes(hex))).toEqual({ ok: true, value });
  });

  test("bytes are neither shared with the encoder nor with the input", () => {
    const bytes = encodeCbor(["x".repeat(200), hexToBytes("0102")]);
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
    // Such as a database gives, whose slice() is a view.
    const pooled = Buffer.from(bytes);
    const decoded = [decodeCbor(bytes), decodeCbor(pooled)];
    bytes.fill(0);
    pooled.fill(0);
    const whole = { ok: true, value: ["x".repeat(200), hexToBytes("0102")] };
    expect(decoded).toEqual([whole, whole]);
  });

  test("map keys sort by their bytes: 10, 100, -1, z, aa (RFC 8949 section 4.2.1)", () => {
    const map = new Map<string | number, number>(["aa", "z", -1, 100, 10].map((key) => [key, 0]));
    expect(bytesToHex(encodeCbor(map))).toBe("a50a001864002000617a0062616100");
  });

  test("a map with long keys inside an array does not disturb what is around it", () => {
    const inner = new Map<string | bigint, number>([
      ["k".repeat(400), 1],
      ["j".repeat(400), 2],
      [1n << 60n, 3],
    ]);
    const value = ["before", inner, "after"];
    expect(decodeCbor(encodeCbor(value))).toEqual({ ok: true, value });
  });
});

describe("integers", () => {
  test("numbers up to 2^53 - 1, bigints beyond, and 5 and 5n have one encoding", () => {
    expect(encodeCbor(5n)).toEqual(encodeCbor(5));
    expect(decodeCbor(encodeCbor(5n))).toEqual({ ok: true, value: 5 });
    expect(decodeCbor(encodeCbor(2n ** 53n - 1n))).toEqual({ ok: true, value: Number.MAX_SAFE_INTEGER });
    expect(decodeCbor(encodeCbor(2n ** 53n))).toEqual({ ok: true, value: 2n ** 53n });
    expect(decodeCbor(encodeCbor(-(2n ** 53n) + 1n))).toEqual({ ok: true, value: -Number.MAX_SAFE_INTEGER });
    expect(decodeCbor(encodeCbor(-(2n ** 53n)))).toEqual({ ok: true, value: -(2n ** 53n) });
  });
});

describe("what is refused", () => {
  test.each([
    ["an integer in two bytes that fits one", "1817", "not-canonical"],
    ["an integer in three bytes that fits two", "1900ff", "not-canonical"],
    ["an integer in five bytes that fits three", "1a0000ffff", "not-canonical"],
    ["an integer in nine bytes that fits five", "1b00000000ffffffff", "not-canonical"],
    ["a negative integer in two bytes that fits one", "3800", "not-canonical"],
    ["a byte string with a longer length than needed", "5801ff", "not-canonical"],
    ["a text with a longer length than needed", "780161", "not-canonical"],
    ["an array with a longer length than needed", "980100", "not-canonical"],
    ["a map with a longer length than needed", "b8010000", "not-canonical"],
    ["an indefinite byte string", "5f4100ff", "not-canonical"],
    ["an indefinite text", "7f6161ff", "not-canonical"],
    ["an indefinite array", "9f00ff", "not-canonical"],
    ["an indefinite map", "bf0000ff", "not-canonical"],
    ["map keys out of order", "a202000100", "not-canonical"],
    ["a repeated map key", "a201000100", "not-canonical"],
    ["a repeated text key", "a2616100616101", "not-canonical"],
    ["a repeated key beyond 2^53", "a21b0020000000000000001b002000000000000001", "not-canonical"],
    ["text that is not UTF-8", "61ff", "not-canonical"],
    ["text with an encoded surrogate", "63eda080", "not-canonical"],
    ["text that begins with a byte order mark", "63efbbbf", "not-canonical"],
    ["nothing", "", "malformed"],
    ["bytes after the end", "0000", "malformed"],
    ["a truncated integer", "1901", "malformed"],
    ["a truncated byte string", "4401", "malformed"],
    ["an array that ends early", "8201", "malformed"],
    ["a map that ends before a value", "a101", "malformed"],
    ["a map that ends before a key", "a1", "malformed"],
    ["an array that claims 2^64 - 1 items", "9bffffffffffffffff", "malformed"],
    ["a byte string that claims 2^64 - 1 bytes", "5bffffffffffffffff", "malformed"],
    ["a reserved length", "1c", "malformed"],
    ["a lone break", "ff", "unsupported-type"],
    ["undefined", "f7", "unsupported-type"],
    ["another simple value", "f0", "unsupported-type"],
    ["a simple value in two bytes", "f8ff", "unsupported-type"],
    ["a half float", "f93c00", "unsupported-type"],
    ["a single float", "fa47c35000", "unsupported-type"],
    ["a double float", "fb3ff199999999999a", "unsupported-type"],
    ["a float of an integer value beyond 2^53", "fb43e0000000000000", "unsupported-type"],
    ["not a number", "f97e00", "unsupported-type"],
    ["a tag", "c000", "unsupported-type"],
    ["a bignum tag", "c249010000000000000000", "unsupported-type"],
    ["a byte string as a map key", "a1410000", "unsupported-type"],
    ["an array as a map key", "a18000", "unsupported-type"],
    ["nine levels of arrays", "818181818181818100", "too-deep"],
    ["nine levels of maps", "a100a100a100a100a100a100a100a10000", "too-deep"],
  ])("%s", (_, hex, refusal) => {
    expect(decodeCbor(hexToBytes(hex))).toEqual({ ok: false, refusal });
  });

  test("more than a mebibyte, before anything in it is looked at", () => {
    expect(decodeCbor(new Uint8Array(maxCborBytes + 1))).toEqual({ ok: false, refusal: "too-large" });
  });

  test("a mebibyte of opening brackets, without exhausting the stack", () => {
    const bytes = new Uint8Array(maxCborBytes).fill(0x81);
    expect(decodeCbor(bytes)).toEqual({ ok: false, refusal: "too-deep" });
  });

  test("exactly eight levels are read", () => {
    expect(decodeCbor(hexToBytes("8181818181818100")).ok).toBe(true);
  });
});

describe("what is not written", () => {
  test.each<[string, unknown]>([
    ["a fraction", 1.5],
    ["not a number", Number.NaN],
    ["a number beyond 2^53 - 1", 2 ** 53],
    ["a bigint beyond 64 bits", 1n << 64n],
    ["a lone surrogate", "\uD800"],
    ["a leading byte order mark", "\uFEFFa"],
    ["undefined", undefined],
    ["a plain object", { a: 1 }],
    ["a map with a byte string as a key", new Map([[new Uint8Array(1), 1]])],
    ["nine levels", [[[[[[[[0]]]]]]]]],
  ])("%s throws", (_, value) => {
    expect(() => encodeCbor(value as CborValue)).toThrow(/encod/);
  });
});

/** -0 is written as 0, and Object.is tells them apart. */
function withoutMinusZero(value: CborValue): CborValue {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, withoutMinusZero(item)]));
  return value;
}
