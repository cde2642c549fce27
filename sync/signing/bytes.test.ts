import * as fc from "fast-check";
import { expect, test } from "vitest";
import { equalBytes, ownBytes, uint64Bytes } from "./bytes.ts";

test("bytes are equal to their copy, and to no prefix, extension or change of it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), (bytes, place) => {
      const longer = Uint8Array.from([...bytes, 0]);
      const changed = bytes.slice();
      changed[place % bytes.length]! ^= 1;
      expect(equalBytes(bytes, bytes.slice())).toBe(true);
      expect([longer, bytes.subarray(1), changed].map((other) => equalBytes(bytes, other))).not.toContain(
        true,
      );
      expect([longer, bytes.subarray(1), changed].map((other) => equalBytes(other, bytes))).not.toContain(
        true,
      );
    }),
  );
  expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true);
  expect(equalBytes(new Uint8Array(), Uint8Array.of(1))).toBe(false);
});

test("64-bit integers are big-endian, and others throw", () => {
  expect([...uint64Bytes(0x0102030405060708n)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...uint64Bytes((1n << 64n) - 1n)]).toEqual(Array.from({ length: 8 }, () => 255));
  expect(() => uint64Bytes(1n << 64n)).toThrow("64-bit");
  expect(() => uint64Bytes(-1n)).toThrow("64-bit");
});

test("own bytes do not change with the bytes they were copied from", () => {
  const bytes = Buffer.from([1, 2, 3]).subarray(1);
  const own = ownBytes(bytes);
  bytes.fill(0);
  expect([...own]).toEqual([2, 3]);
  expect(own.buffer.byteLength).toBe(2);
});
