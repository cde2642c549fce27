import * as fc from "fast-check";
import { expect, test } from "vitest";
import { feeOf } from "./fees.ts";

const terms = fc.record({
  feeFixedMinor: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  feeBasisPoints: fc.integer({ min: 0, max: 10_000 }),
});
const amounts = fc.bigInt({ min: 1n, max: 9_223_372_036_854_775_807n });

test.each([
  [10_000n, { feeFixedMinor: 0n, feeBasisPoints: 0 }, 0n],
  [10_000n, { feeFixedMinor: 25n, feeBasisPoints: 150 }, 175n],
  [199n, { feeFixedMinor: 0n, feeBasisPoints: 150 }, 2n],
  [10n, { feeFixedMinor: 25n, feeBasisPoints: 0 }, 10n],
])(
  "the fee of %s is as configured, its share rounded down, and never above the amount",
  (amount, fee, expected) => {
    expect(feeOf(amount, fee)).toBe(expected);
  },
);

test("what the merchant gets and the fee are the amount, whatever is configured", () => {
  fc.assert(
    fc.property(amounts, terms, (amount, fee) => {
      const taken = feeOf(amount, fee);
      expect(taken).toBeGreaterThanOrEqual(0n);
      expect(taken).toBeLessThanOrEqual(amount);
    }),
  );
});

test("a larger amount never costs less", () => {
  fc.assert(
    fc.property(amounts, fc.bigInt({ min: 0n, max: 10n ** 12n }), terms, (amount, more, fee) => {
      expect(feeOf(amount + more, fee)).toBeGreaterThanOrEqual(feeOf(amount, fee));
    }),
  );
});
