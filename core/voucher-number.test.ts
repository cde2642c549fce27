import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  drawVoucherNumber,
  formatSerial,
  hasLuhnDigit,
  luhnDigit,
  normaliseVoucherNumber,
  parseSerial,
} from "./voucher-number.ts";

describe("voucher numbers", () => {
  test("every draw is 16 digits, no leading zero, at most 2^53 - 1, the last one Luhn", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (random) => {
        const number = drawVoucherNumber(random);
        if (number === undefined) return;
        expect(number).toMatch(/^[1-9][0-9]{15}$/);
        expect(BigInt(number)).toBeLessThanOrEqual(9_007_199_254_740_991n);
        expect(hasLuhnDigit(number)).toBe(true);
      }),
    );
  });

  test("a draw beyond the even range is refused, so that no number is likelier than another", () => {
    expect(drawVoucherNumber(new Uint8Array(8).fill(0xff))).toBeUndefined();
    expect(drawVoucherNumber(new Uint8Array(8))).toBe("1000000000000008");
  });

  test("Luhn catches each single wrong digit and each swap of neighbours but 09 and 90", () => {
    expect(luhnDigit("7992739871")).toBe("3");
    const number = "1234567890123452";
    for (let index = 0; index < 15; index++) {
      const wrong = number.slice(0, index) + ((Number(number[index]) + 1) % 10) + number.slice(index + 1);
      expect(hasLuhnDigit(wrong)).toBe(false);
    }
  });

  test("typed numbers may have spaces and dashes", () => {
    expect(normaliseVoucherNumber("1234-5678 9012-3452")).toBe("1234567890123452");
    expect(normaliseVoucherNumber("6004")).toBe("0000000000006004");
    expect(normaliseVoucherNumber("12345678901234567")).toBeUndefined();
    expect(normaliseVoucherNumber("12a4")).toBeUndefined();
  });
});

describe("serials", () => {
  test("are read by their value, padded or not, and written with ten digits", () => {
    expect(parseSerial("0000000042")).toBe(42n);
    expect(parseSerial("0000000000000042")).toBe(42n);
    expect(formatSerial(42n)).toBe("0000000042");
  });

  test.each(["", "0", "-1", "1.5", "4x", "9007199254740992", "12345678901234567890123456"])(
    "%s is none",
    (text) => {
      expect(parseSerial(text)).toBeUndefined();
    },
  );
});
