import { expect, test } from "vitest";
import type { Biller } from "../../protocol.ts";
import { billIdState, billIn } from "./bill-text.ts";

const power: Biller = { billerId: "p", name: "Power", prefix: "EL", ownDigits: 8, checkDigit: "luhn" };
const school: Biller = { billerId: "s", name: "School", prefix: "SC", ownDigits: null, checkDigit: "none" };
const billers = [power, school];
const kindOf = (text: string) => billIdState(text, billers).kind;

test("a bill's number is looked at while it is typed: how much is missing, a wrong check digit, too many digits", () => {
  expect(billIdState("EL1234", billers)).toEqual({ kind: "incomplete", given: 4, of: 8 });
  expect(billIdState("el 1234 5674", billers)).toMatchObject({
    kind: "right",
    billId: "EL12345674",
    biller: power,
  });
  expect(kindOf("EL12345675")).toBe("wrong-check-digit");
  expect(kindOf("EL123456740")).toBe("wrong-length");
  expect(kindOf("SC-2026-7")).toBe("right");
});

test("names are no numbers, even where they begin as a biller's numbers do; numbers of nobody are said to be that", () => {
  for (const name of ["Asha", "EL", "Elisabeth", "Scott", ""]) expect(kindOf(name), name).toBe("name");
  expect(kindOf("WA12345")).toBe("unknown-biller");
  expect(kindOf("12345")).toBe("unknown-biller");
});

test("numbers typed in Arabic digits are the same numbers", () => {
  expect(billIdState("EL١٢٣٤٥٦٧٤", billers)).toMatchObject({ billId: "EL12345674" });
});

test("a square code holds the number, alone or among other things; what holds none gives none", () => {
  expect(billIn("EL12345674\r\n", billers)).toBe("EL12345674");
  expect(billIn("https://power.example/pay?bill=EL12345674&amount=20", billers)).toBe("EL12345674");
  expect(billIn("el12345674", billers)).toBe("EL12345674");
  expect(billIn("EL12345675", billers)).toBeUndefined();
  expect(billIn("SCHOOL FEES", billers)).toBeUndefined();
  expect(billIn("", billers)).toBeUndefined();
});
