import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAddressTokens, noAddressTokens } from "./address-tokens.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const tokens = createAddressTokens(new Uint8Array(32).fill(7), random);
const owner = { institutionId: "welfare", payeeIdentity: "P-1" };

describe("an address token", () => {
  test("opens as the address that it was made of", () => {
    const addresses = fc
      .string({ minLength: 1, maxLength: 34, unit: "grapheme" })
      .filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(addresses, (address) => {
        expect(tokens.open(owner, tokens.seal(owner, address))).toBe(address);
      }),
    );
  });

  test("does not open as another payee's, another institution's, or under another key", () => {
    const token = tokens.seal(owner, "NL87ABNA4193835510");
    const other = createAddressTokens(new Uint8Array(32).fill(8), random);
    expect(() => tokens.open({ ...owner, payeeIdentity: "P-2" }, token)).toThrow("does not open");
    expect(() => tokens.open({ ...owner, institutionId: "labour" }, token)).toThrow("does not open");
    // The two texts run together would be the same.
    expect(() => tokens.open({ institutionId: "welfareP", payeeIdentity: "-1" }, token)).toThrow(
      "does not open",
    );
    expect(() => other.open(owner, token)).toThrow("does not open");
  });

  test("tells nothing of the address: neither its text, its length, nor that it is the same", () => {
    const [one, again, short] = ["NL87ABNA4193835510", "NL87ABNA4193835510", "1"].map((address) =>
      tokens.seal(owner, address),
    );
    expect(one).not.toEqual(again);
    expect(one?.length).toBe(short?.length);
    expect(Buffer.from(one ?? []).includes("ABNA")).toBe(false);
  });

  test("a changed byte is noticed", () => {
    const token = tokens.seal(owner, "NL87ABNA4193835510");
    for (const index of [0, 5, 30, token.length - 1]) {
      const changed = Uint8Array.from(token);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => tokens.open(owner, changed)).toThrow("does not open");
    }
  });
});

test("the index of an address is the same each time, another one in another institution or under another key", () => {
  const index = tokens.indexOf("welfare", "NL87ABNA4193835510");
  const other = createAddressTokens(new Uint8Array(32).fill(8), random);
  expect(tokens.indexOf("welfare", "NL87ABNA4193835510")).toEqual(index);
  expect(tokens.indexOf("labour", "NL87ABNA4193835510")).not.toEqual(index);
  expect(other.indexOf("welfare", "NL87ABNA4193835510")).not.toEqual(index);
});

test("without keys addresses are refused rather than kept plain", () => {
  expect(() => noAddressTokens.seal(owner, "1")).toThrow("without the key");
  expect(() => noAddressTokens.indexOf("welfare", "1")).toThrow("without the key");
});
