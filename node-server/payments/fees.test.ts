import * as fc from "fast-check";
import { expect, test } from "vitest";
import { payOut } from "../ledger/entries.ts";
import { feeOf } from "#core/fee.ts";

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

test("whatever is configured, what is owed is split between merchant and fees without a rest", () => {
  const fspIds = fc.constantFrom(null, "citizen");
  fc.assert(
    fc.property(amounts, terms, fspIds, (amountMinor, configured, fspId) => {
      const feeMinor = feeOf(amountMinor, configured);
      const money = { amountMinor, currency: "USD" };
      const { lines } = payOut(money, { claimId: "c", merchantId: "M-1", fspId, feeMinor });
      const moved = (kind: string) => lines.find(({ account }) => account.kind === kind)?.amountMinor ?? 0n;
      expect(moved("merchant") + moved("fees")).toBe(amountMinor);
      expect(moved("owed")).toBe(-amountMinor);
      expect(moved("merchant")).toBeGreaterThanOrEqual(0n);
      expect(moved("fees")).toBeGreaterThanOrEqual(0n);
      expect(lines.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(0n);
      expect(lines.some((line) => line.amountMinor === 0n)).toBe(false);
    }),
  );
});

test("the fee is what exact arithmetic gives, rounded down to a whole minor unit", () => {
  fc.assert(
    fc.property(amounts, terms, (amountMinor, configured) => {
      const { feeFixedMinor, feeBasisPoints } = configured;
      const fee = feeOf(amountMinor, configured);
      if (fee === amountMinor) return;
      const exactly = feeFixedMinor * 10_000n + amountMinor * BigInt(feeBasisPoints);
      expect(fee * 10_000n).toBeLessThanOrEqual(exactly);
      expect((fee + 1n) * 10_000n).toBeGreaterThan(exactly);
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
