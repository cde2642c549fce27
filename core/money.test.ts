import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecimalText, parseJson, rawNumber, UnsafeIntegerError } from "./json.ts";
import { currencyDecimals, formatMajor, parseMajor } from "./money.ts";

describe("money at the edges", () => {
  test.each([
    ["12.50", "USD", 1250n],
    ["12.5", "USD", 1250n],
    ["0.125", "BHD", 125n],
    ["1200", "JPY", 1200n],
    ["1200.00", "JPY", 1200n],
    ["92233720368547758.07", "USD", 9_223_372_036_854_775_807n],
  ])("%s %s is %i minor units", (text, currency, amountMinor) => {
    expect(parseMajor(text, currency)).toEqual({ ok: true, money: { amountMinor, currency } });
  });

  test.each([
    ["12.505", "USD", "too-many-decimals"],
    ["0.5", "JPY", "too-many-decimals"],
    ["-1", "USD", "malformed-amount"],
    ["1e3", "USD", "malformed-amount"],
    ["01", "USD", "malformed-amount"],
    ["", "USD", "malformed-amount"],
    ["92233720368547758.08", "USD", "amount-too-large"],
    ["99999999999999999999999", "USD", "amount-too-large"],
    ["1", "XXX", "unknown-currency"],
    ["1", "usd", "unknown-currency"],
  ])("%s %s is refused: %s", (text, currency, code) => {
    expect(parseMajor(text, currency)).toMatchObject({ ok: false, refusal: { code } });
  });

  test("what is written reads back as the same minor units, in every number of decimals", () => {
    const currency = fc.constantFrom("USD", "JPY", "BHD", "CLF");
    const amount = fc.bigInt(0n, 9_223_372_036_854_775_807n);
    fc.assert(
      fc.property(currency, amount, (currency, amountMinor) => {
        expect(parseMajor(formatMajor({ amountMinor, currency }), currency)).toEqual({
          ok: true,
          money: { amountMinor, currency },
        });
      }),
    );
  });

  test("ISO 4217 decimals", () => {
    expect(["USD", "JPY", "KWD", "UYW", "ZZZ"].map(currencyDecimals)).toEqual([2, 0, 3, 4, undefined]);
  });
});

describe("JSON without loss", () => {
  test("an amount keeps the digits that a double would lose, in and out", () => {
    const { amount } = parseJson('{"amount": 90071992547409.93}') as { amount: DecimalText };
    expect(amount.text).toBe("90071992547409.93");
    expect(JSON.stringify({ amount: rawNumber("90071992547409.930") })).toBe('{"amount":90071992547409.930}');
  });

  test("an integer above 2^53 - 1 is refused, never rounded", () => {
    expect(() => parseJson('{"serial": 9007199254740992}')).toThrow(UnsafeIntegerError);
    expect(parseJson('{"serial": 9007199254740991}')).toEqual({ serial: 9007199254740991 });
  });
});
