import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { seedFile } from "../../test/support/sandbox.ts";
import { buildingBlockIds } from "./ids.ts";
import { readSeed } from "./seed.ts";
import type { Seed } from "./seed.ts";
import { describeSeed, whatToTry } from "./summary.ts";

const voucher = {
  voucher_number: "700001",
  voucher_serial_number: 1,
  Gov_Stack_BB: "bb",
  voucher_status: "Activated",
  voucher_amount: "10",
};
const merchant = { merchant_name: "A", merchant_bank_details: "B", merchant_voucher_group: "C" };

describe("what is read", () => {
  test("a comment states the case of what follows, and wins over what an entry says of itself", () => {
    const { vouchers } = seedOf({
      vouchers: [
        voucher,
        "// expired",
        { ...voucher, voucher_serial_number: 2, voucher_number: 2 },
        "Canceled vouchers:",
        {
          ...voucher,
          voucher_serial_number: "0000000000000003",
          voucher_number: 3,
          voucher_status: undefined,
        },
      ],
    });
    expect(vouchers.map(({ serial, state }) => [serial, state])).toEqual([
      [1n, "activated"],
      [2n, "expired"],
      [3n, "cancelled"],
    ]);
  });

  test("what shall not exist is left out and counted, and payees are known", async () => {
    const seed = seedOf(JSON.parse(await readFile(seedFile, "utf8")));
    expect(seed.left).toEqual({ notExisting: 1 });
    expect(seed.payees).toEqual([
      {
        sourceBlock: "bb-pensions1",
        identity: "PayeeOfTheSeed-00001",
        modality: undefined,
        address: "FI2112345600000785",
      },
      {
        sourceBlock: "bb-pensions1",
        identity: "PayeeOfTheSeed-00002",
        modality: undefined,
        address: "FI5542345670000081",
      },
    ]);
    expect(seed.sourceBlocks).toEqual(["bb-pensions1"]);
    expect([...buildingBlockIds(seed).keys()]).toEqual([
      "bb-relief",
      "a building block with a long name",
      "bb-pensions1",
    ]);
  });

  test("an id is the name, or a short and steady stand-in for a long one", async () => {
    const ids = buildingBlockIds(seedOf(JSON.parse(await readFile(seedFile, "utf8"))));
    expect(ids.get("bb-relief")).toBe("bb-relief");
    expect(ids.get("a building block with a long name")).toMatch(/^a building-[0-9a-f]{8}$/);
  });

  test("the summary tells all of it, and no voucher number", async () => {
    const seed = seedOf(JSON.parse(await readFile(seedFile, "utf8")));
    const said = `${describeSeed(seed)}\n${whatToTry(seed, "http://127.0.0.1:3333")}`;
    expect(said).toContain("Activated: 4 (serials 110, 111, 112, 113)");
    expect(said).toContain("Cleo Baker at Dry Well Bank: its provider has no funds");
    expect(said).toContain("Dov Tailor at Harbour Savings: its account is closed");
    expect(said).toContain("Payees, 2,");
    expect(said).toContain("/beneficiary?payeeIdentity=PayeeOfTheSeed-00001");
    expect(said).not.toMatch(/70[0-9]{2}/);
  });
});

describe("what is refused, with its place", () => {
  test.each([
    ["no JSON", '{"vouchers": [', /is not JSON/],
    ["an integer too large", '{"vouchers":[{"voucher_number":9007199254740993}]}', /above 9007199254740991/],
    ["no object", "[]", /must be an object/],
    ["an unknown array", { vochers: [] }, /vochers/],
    ["vouchers that are no array", { vouchers: {} }, /^vouchers: /],
    [
      "a voucher without serial",
      { vouchers: [{ ...voucher, voucher_serial_number: undefined }] },
      /^vouchers\[0\]\.voucher_serial_number: must be a whole number/,
    ],
    ["a serial of zero", { vouchers: [{ ...voucher, voucher_serial_number: 0 }] }, /from 1 to/],
    [
      "a number that is too long",
      { vouchers: [{ ...voucher, voucher_number: "12345678901234567" }] },
      /at most 16 digits/,
    ],
    [
      "an amount that is none",
      { vouchers: [{ ...voucher, voucher_amount: "ten" }] },
      /^vouchers\[0\]\.voucher_amount: must be an amount/,
    ],
    ["an amount of zero", { vouchers: [{ ...voucher, voucher_amount: "0" }] }, /above zero/],
    [
      "a voucher of nobody",
      { vouchers: [{ ...voucher, Gov_Stack_BB: " " }] },
      /Gov_Stack_BB: must not be empty/,
    ],
    ["an unknown case", { vouchers: ["// lost", voucher] }, /^vouchers\[1\]: "lost" is no case/],
    ["no case at all", { vouchers: [{ ...voucher, voucher_status: undefined }] }, /is no case/],
    [
      "a serial twice",
      { vouchers: [voucher, { ...voucher, voucher_number: "2" }] },
      /^vouchers\[1\]: its voucher serial is that of vouchers\[0\]/,
    ],
    [
      "a number twice",
      { vouchers: [voucher, { ...voucher, voucher_serial_number: 2 }] },
      /its voucher number is that of vouchers\[0\]/,
    ],
    [
      "a used voucher that nobody can have redeemed",
      { vouchers: ["// already_used", voucher] },
      /^merchants: /,
    ],
    [
      "a merchant without a bank",
      { merchants: [{ ...merchant, merchant_bank_details: 7 }] },
      /^merchants\[0\]\.merchant_bank_details: must be text/,
    ],
    [
      "an unknown case of a merchant",
      { merchants: ["// on holiday", merchant] },
      /"on holiday" is no case of a merchant/,
    ],
    [
      "a bank that is and is not short of funds",
      { merchants: [merchant, "// insufficient funds", { ...merchant, merchant_name: "D" }] },
      /only one of them is short of funds/,
    ],
    [
      "a payee with two addresses",
      { g2p: [payeeAt("FI1"), payeeAt("FI2")] },
      /^g2p\[1\]\.Beneficiaries\[0\]: is the payee of g2p\[0\]\.Beneficiaries\[0\], with another address/,
    ],
    ["a source without id", { g2p: [{}] }, /^g2p\[0\]\.SourceBBID: must be text/],
  ])("%s", (_name, content, mistake) => {
    const read = readSeed(typeof content === "string" ? content : JSON.stringify(content));
    expect(read.ok ? [] : read.mistakes).toEqual([expect.stringMatching(mistake)]);
    expect(JSON.stringify(read)).not.toContain("700001");
  });

  test("every mistake is told at once", () => {
    const read = readSeed(JSON.stringify({ g2p: [{}], vouchers: [{}], merchants: ["// none", merchant] }));
    expect(read.ok ? 0 : read.mistakes.length).toBe(6);
  });
});

function seedOf(content: unknown): Seed {
  const read = readSeed(JSON.stringify(content));
  if (!read.ok) throw new Error(read.mistakes.join("; "));
  return read.seed;
}

function payeeAt(FinancialAddress: string) {
  return { SourceBBID: "bb", Beneficiaries: [{ PayeeFunctionalID: "P", FinancialAddress }] };
}
