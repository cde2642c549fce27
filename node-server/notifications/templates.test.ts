import { expect, test } from "vitest";
import { languages } from "./port.ts";
import { textOf } from "./templates.ts";

const redemption = {
  serial: 42n,
  amountMinor: 123_450n,
  feeMinor: 0n,
  currency: "USD",
  merchant: "Corner shop",
  transactionId: "ABCDEFGHJKMN",
};

test.each(languages)(
  "in %s a receipt names amount, voucher, merchant and transaction, and nothing is left open",
  (language) => {
    for (const kind of ["voucher-redeemed", "merchant-paid"] as const) {
      const { subject, text } = textOf({ kind, redemption }, language);
      expect(subject).not.toBe("");
      expect(text).toContain("0000000042");
      expect(text).toContain("ABCDEFGHJKMN");
      expect(text).toMatch(/USD/);
      expect(text).not.toMatch(/undefined|null|\{|\}/);
    }
    expect(textOf({ kind: "voucher-redeemed", redemption }, language).text).toContain("Corner shop");
  },
);

test("each language has words of its own", () => {
  const texts = languages.map((language) => textOf({ kind: "merchant-paid", redemption }, language).text);
  expect(new Set(texts).size).toBe(languages.length);
});

test("amounts are written as the language writes them, with the currency's decimals and beyond what a double holds", () => {
  const text = (language: "en" | "fr", amountMinor: bigint, currency: string) =>
    textOf({ kind: "merchant-paid", redemption: { ...redemption, amountMinor, currency } }, language).text;
  expect(text("en", 123_450n, "USD")).toContain("USD\u00a01,234.50");
  expect(text("fr", 123_450n, "USD")).toContain("1\u202f234,50\u00a0USD");
  expect(text("en", 1500n, "JPY")).toContain("JPY\u00a01,500");
  expect(text("en", 1_234_567n, "BHD")).toContain("BHD\u00a01,234.567");
  expect(text("en", 9_007_199_254_740_993_01n, "USD")).toContain("9,007,199,254,740,993.01");
});

test.each(languages)(
  "in %s a merchant reads what the voucher was worth and what it got after fees",
  (language) => {
    const { text } = textOf(
      { kind: "merchant-paid", redemption: { ...redemption, feeMinor: 450n } },
      language,
    );
    const digits = text.replaceAll(/[^0-9]/g, "");
    expect(digits).toContain("123450");
    expect(digits).toContain("123000");
  },
);

test("an alert is told by what it is and whom it is about", () => {
  const alert = { kind: "callback-undeliverable", subject: "callback:7" };
  expect(textOf({ kind: "operator-alert", alert }, "en")).toEqual({
    subject: "Paypost alert: callback-undeliverable",
    text: "callback-undeliverable for callback:7.",
  });
});
