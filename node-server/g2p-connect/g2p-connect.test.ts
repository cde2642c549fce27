import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modalities } from "#core/payee-addresses.ts";
import { canonicalJson } from "./canonical-json.ts";
import { formatFinancialAddress, parseFinancialAddress } from "./financial-address.ts";

describe("canonical JSON (RFC 8785)", () => {
  test("orders names by UTF-16 code units and writes nothing between them", () => {
    const value = {
      b: [1, null, true],
      "\u20ac": "euro",
      a: { z: "\n", "\ud83d\ude00": 1e21 },
      "\ufb33": 0.5,
    };
    expect(canonicalJson(value)).toBe(
      '{"a":{"z":"\\n","\ud83d\ude00":1e+21},"b":[1,null,true],"\u20ac":"euro","\ufb33":0.5}',
    );
  });

  test("is the same for whatever order the fields came in, and says the same", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("a financial address", () => {
  test.each([
    ["account:12345@national-bank", "00", "12345", "national-bank"],
    ["MOBILE:254700000001@mpesa", "01", "254700000001", "mpesa"],
    ["voucher:12345@food.coupon-network", "02", "12345", "food.coupon-network"],
    ["wallet:ann@wallets", "03", "ann", "wallets"],
    ["token:123456@a123", "04", "token:123456", "a123"],
    ["joeuser@national-bank", "04", "joeuser", "national-bank"],
  ])("%s", (text, modality, address, institutionCode) => {
    expect(parseFinancialAddress(text)).toEqual({ modality, address, institutionCode });
  });

  test.each([
    "",
    "account:1",
    "@bank",
    "account:@bank",
    "a b@bank",
    "a@b@c",
    `account:${"1".repeat(99)}@bank`,
  ])("%j is none", (text) => {
    expect(parseFinancialAddress(text)).toBeUndefined();
  });

  test("is written as it was read", () => {
    const part = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
    const fields = fc.record({
      modality: fc.constantFrom(...modalities),
      address: part,
      institutionCode: part,
    });
    fc.assert(
      fc.property(fields, (address) => {
        expect(parseFinancialAddress(formatFinancialAddress(address))).toEqual(address);
      }),
    );
  });
});
