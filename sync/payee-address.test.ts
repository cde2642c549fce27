import { describe, expect, test } from "vitest";
import { maskAddress } from "#core/masked-address.ts";
import { checkAddress } from "./payee-address.ts";

describe("an address is checked by what its modality is", () => {
  test.each([
    ["00", "NL87 ABNA 4193 8355 10", "NL87ABNA4193835510"],
    ["00", "nl87abna4193835510", "NL87ABNA4193835510"],
    ["00", "0112 345-678", "0112345-678"],
    ["01", "+254 712 345 678", "+254712345678"],
    ["02", undefined, null],
    ["02", " +254 712 345 678 ", "+254712345678"],
    ["03", "wallet@provider", "wallet@provider"],
    ["04", "juma", "juma"],
  ] as const)("%s %s is kept as %s", (modality, written, address) => {
    expect(checkAddress(modality, written)).toEqual({ ok: true, address });
  });

  test.each([
    ["00", "NL87ABNA4193835511", "not-an-iban"],
    ["00", "NL87ABNA419383551", "not-an-iban"],
    ["00", "x", "not-an-account-number"],
    ["00", "12#45", "not-an-account-number"],
    ["00", "1".repeat(35), "too-long"],
    ["00", " ", "address-required"],
    ["01", "0712345678", "not-a-phone-number"],
    ["01", "+2547", "not-a-phone-number"],
    ["01", "+999712345678", "not-a-phone-number"],
    ["03", "+2547", "not-a-phone-number"],
    ["04", "x".repeat(35), "too-long"],
    ["04", undefined, "address-required"],
  ] as const)("%s %s is refused as %s", (modality, written, problem) => {
    expect(checkAddress(modality, written)).toEqual({ ok: false, problem });
  });
});

test("a masked address shows its last four characters, of a short one a quarter", () => {
  expect(maskAddress("NL87ABNA4193835510")).toBe("••••••••••••••5510");
  expect(maskAddress("12345678")).toBe("••••••78");
  expect(maskAddress("123")).toBe("•••");
});
