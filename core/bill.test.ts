import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { amountDueMinor, billIdRefusal, isOverdue } from "./bill.ts";
import type { BillIdRules } from "./bill.ts";
import { luhnDigit } from "./voucher-number.ts";

const rules: BillIdRules = { prefix: "EL", ownDigits: 8, checkDigit: "luhn" };

describe("a bill id", () => {
  test("is one of the biller's with its prefix, its length and its check digit, and otherwise refused for what is wrong", () => {
    expect(billIdRefusal(`EL1234567${luhnDigit("1234567")}`, rules)).toBeUndefined();
    expect(billIdRefusal("WA12345674", rules)).toBe("other-prefix");
    expect(billIdRefusal("EL1234567", rules)).toBe("wrong-length");
    expect(billIdRefusal("EL1234567x", rules)).toBe("wrong-length");
    expect(billIdRefusal("EL12345670", rules)).toBe("wrong-check-digit");
    expect(billIdRefusal("EL", { ...rules, ownDigits: null })).toBe("wrong-length");
    expect(billIdRefusal("EL-2026/7", { ...rules, ownDigits: null })).toBe("wrong-length");
    expect(billIdRefusal("EL-2026-7", { ...rules, ownDigits: null })).toBeUndefined();
  });

  test("with one digit mistyped, or two neighbours swapped, is refused where the biller checks by MOD 97-10", () => {
    const mod97: BillIdRules = { ...rules, checkDigit: "mod97" };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_999 }),
        fc.nat(7),
        fc.integer({ min: 1, max: 9 }),
        (payload, at, by) => {
          const digits = String(payload).padStart(6, "0");
          const check = 98n - ((BigInt(digits) * 100n) % 97n);
          const own = digits + String(check).padStart(2, "0");
          expect(billIdRefusal(`EL${own}`, mod97)).toBeUndefined();
          const mistyped = Array.from(own);
          mistyped[at] = String((Number(mistyped[at]) + by) % 10);
          expect(billIdRefusal(`EL${mistyped.join("")}`, mod97)).toBe("wrong-check-digit");
          const [first = "", second = ""] = own.slice(2);
          const swapped = own.slice(0, 2) + second + first + own.slice(4);
          if (first !== second) expect(billIdRefusal(`EL${swapped}`, mod97)).toBe("wrong-check-digit");
        },
      ),
    );
  });
});

test("the amount of the due date pays through that day, and the amount after it from the next one on", () => {
  const bill = { dueOn: "2026-11-30", amountOnDueMinor: 1000n, amountAfterDueMinor: 1100n };
  expect(["2026-11-29", "2026-11-30", "2026-12-01"].map((day) => amountDueMinor(bill, day))).toEqual([
    1000n,
    1000n,
    1100n,
  ]);
  expect(isOverdue({ dueOn: null }, "2999-01-01")).toBe(false);
});
