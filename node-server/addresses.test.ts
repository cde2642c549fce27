import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAddresses, noAddresses } from "./addresses.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const addresses = createAddresses(new Uint8Array(32).fill(7), random);
const ofOthers = createAddresses(new Uint8Array(32).fill(8), random);
const owner = { institutionId: "welfare", payeeIdentity: "P-1" };
const iban = "NL87ABNA4193835510";

describe("an address token", () => {
  test.each([
    ["a payee's", addresses.ofPayee(owner)],
    ["a batch's", addresses.ofBatches],
    ["a payer's", addresses.ofPayers],
  ])("%s opens as the address that it was made of", (_whose, { seal, open }) => {
    const texts = fc
      .string({ minLength: 1, maxLength: 34, unit: "grapheme" })
      .filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(texts, (address) => {
        expect(open(seal(address))).toBe(address);
        expect(open(Buffer.from(seal(address)))).toBe(address);
      }),
    );
  });

  test.each([
    ["another payee's", addresses.ofPayee({ ...owner, payeeIdentity: "P-2" })],
    ["another institution's", addresses.ofPayee({ ...owner, institutionId: "labour" })],
    // The two texts run together would be the same.
    ["that of a payee of a like name", addresses.ofPayee({ institutionId: "welfareP", payeeIdentity: "-1" })],
    ["a batch's", addresses.ofBatches],
    ["a payer's", addresses.ofPayers],
    ["another installation's", ofOthers.ofPayee(owner)],
  ])("of a payee does not open as %s, nor the other way round", (_whose, other) => {
    const own = addresses.ofPayee(owner);
    expect(() => other.open(own.seal(iban))).toThrow("does not open");
    expect(() => own.open(other.seal(iban))).toThrow("does not open");
  });

  test("of a batch does not open as a payer's, nor the other way round", () => {
    const { ofBatches, ofPayers } = addresses;
    expect(() => ofPayers.open(ofBatches.seal(iban))).toThrow("does not open");
    expect(() => ofBatches.open(ofPayers.seal(iban))).toThrow("does not open");
    expect(() => ofOthers.ofBatches.open(ofBatches.seal(iban))).toThrow("does not open");
  });

  test("tells nothing of the address: neither its text, its length, nor that it is the same", () => {
    const { seal } = addresses.ofPayee(owner);
    const [one, again, short] = [iban, iban, "1"].map(seal);
    expect(one).not.toEqual(again);
    expect(one?.length).toBe(short?.length);
    expect(Buffer.from(one ?? []).includes("ABNA")).toBe(false);
  });

  test("a changed byte is noticed", () => {
    const { seal, open } = addresses.ofPayee(owner);
    const token = seal(iban);
    for (const index of [0, 5, 30, token.length - 1]) {
      const changed = Uint8Array.from(token);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => open(changed)).toThrow("does not open");
    }
  });
});

describe("the index of an address", () => {
  const index = addresses.index("payee-address", "welfare", iban);

  test("is the same each time", () => {
    expect(addresses.index("payee-address", "welfare", iban)).toEqual(index);
  });

  test.each([
    ["in another institution", addresses.index("payee-address", "labour", iban)],
    ["for another use", addresses.index("batch-payee", "welfare", iban)],
    ["under another key", ofOthers.index("payee-address", "welfare", iban)],
    ["of texts that are split elsewhere", addresses.index("payee-address", "welfar", `e${iban}`)],
    ["of the texts in one", addresses.index("payee-address", `welfare${iban}`)],
  ])("is another one %s", (_where, other) => {
    expect(other).not.toEqual(index);
  });
});

test("each node has a key of its own for its payees", () => {
  expect(addresses.nodeKeyOf("one")).toEqual(addresses.nodeKeyOf("one"));
  expect(addresses.nodeKeyOf("one")).not.toEqual(addresses.nodeKeyOf("two"));
});

test("without keys addresses are refused rather than kept plain", () => {
  expect(() => noAddresses.ofPayee(owner)).toThrow("without the key");
  expect(() => noAddresses.ofBatches.seal("1")).toThrow("without the key");
  expect(() => noAddresses.index("payee-address", "welfare", "1")).toThrow("without the key");
});
