import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textToToken, tokenToText } from "./voucher-token.ts";

describe("4.4: a token's text", () => {
  test("reads back as the bytes it was made of", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const token = textToToken(tokenToText(bytes));
        expect(token?.constructor).toBe(Uint8Array);
        expect([...(token ?? [])]).toEqual([...bytes]);
      }),
    );
  });

  test("is base45 as in RFC 9285 section 4.3", () => {
    expect(tokenToText(new TextEncoder().encode("Hello!!"))).toBe("PV1:%69 VD92EX0");
    expect(tokenToText(new TextEncoder().encode("base-45"))).toBe("PV1:UJCLQE7W581");
    expect(textToToken("PV1:QED8WEX0")).toEqual(new TextEncoder().encode("ietf!"));
  });

  test("fits the alphanumeric mode of a QR code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(tokenToText(bytes)).toMatch(/^[0-9A-Z $%*+./:-]*$/);
      }),
    );
  });

  test.each([
    ["no prefix", "QED8WEX0"],
    ["another version", "PV2:QED8WEX0"],
    ["a prefix in small letters", "pv1:QED8WEX0"],
    ["nothing after the prefix", "PV1:"],
    ["a character outside base45", "PV1:QED8WEX_"],
    ["small letters", "PV1:qed8wex0"],
    ["a triple above 65535", "PV1:GGX"],
    ["the greatest triple", "PV1::::"],
    ["a pair above 255", "PV1:::"],
    ["a single character left over", "PV1:QED8"],
    ["a space around it", "PV1:QED8WEX0 "],
    ["a line break", "PV1:QED8WEX0\n"],
    ["characters beyond the basic plane", "PV1:😀😀😀"],
    ["more than 1024 characters", `PV1:${"QED".repeat(341)}`],
  ])("%s is no token", (_, text) => {
    expect(textToToken(text)).toBeUndefined();
  });
});
