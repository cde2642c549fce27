import { describe, expect, test } from "vitest";
import { readAccount, readIban, readInstitutionCode, readMsisdn } from "./financial-address.ts";

describe("a phone number", () => {
  test.each([
    ["+254 700 123-456", "254", "+254700123456"],
    ["00254700123456", "254", "+254700123456"],
    ["0700123456", "254", "+254700123456"],
    ["254700123456", "254", "+254700123456"],
    ["+447911123456", null, "+447911123456"],
  ])("%s under %s is %s", (text, country, value) => {
    expect(readMsisdn(text, country)).toMatchObject({ ok: true, value });
  });

  test.each([
    ["0700123456", null],
    ["700123456", "254"],
    ["2547001234", "254"],
    ["+0700123456", "254"],
    ["+25470012345678901", "254"],
    ["phone", "254"],
    ["", "254"],
  ])("%s under %s is not guessed at", (text, country) => {
    expect(readMsisdn(text, country).ok).toBe(false);
  });

  test("says what was put right, and nothing where nothing was", () => {
    expect(readMsisdn("+254700123456", "254")).toMatchObject({ corrections: [] });
    expect(readMsisdn("0700 123456", "254")).toMatchObject({
      corrections: ["spaces removed from the phone number", "country prefix added to the phone number"],
    });
  });
});

test("an IBAN is put into its electronic form, and refused when its check digits do not fit", () => {
  expect(readIban("gb33 bukb 2020 1555 5555 55")).toMatchObject({
    ok: true,
    value: "GB33BUKB20201555555555",
  });
  expect(readIban("GB33BUKB20201555555556").ok).toBe(false);
  expect(readIban("GB33").ok).toBe(false);
});

test("an account keeps its case, an institution code does not", () => {
  expect(readAccount(" 00 12-ab ")).toMatchObject({ ok: true, value: "0012-ab" });
  expect(readAccount("a'; drop").ok).toBe(false);
  expect(readInstitutionCode(" kcblkenx ")).toMatchObject({ ok: true, value: "KCBLKENX" });
  expect(readInstitutionCode("TWELVE-CHARS").ok).toBe(false);
});
