import { x25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import * as fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import { webRandomBytes } from "./random.ts";
import { boxKeyPair, isUsableBoxKey, openSealed, seal, sealedOverhead } from "./sealed.ts";

const recipient = boxKeyPair(new Uint8Array(32).fill(9));
const other = boxKeyPair(new Uint8Array(32).fill(10));

describe("sealed boxes", () => {
  test("what is sealed for a key opens with it, and with no other", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (plaintext) => {
        const sealed = seal(recipient.publicKey, plaintext, webRandomBytes);
        expect(sealed).toHaveLength(plaintext.length + sealedOverhead);
        expect(bytesToHex(openSealed(recipient, sealed) ?? new Uint8Array(999))).toBe(bytesToHex(plaintext));
        expect(openSealed(other, sealed)).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  test("any changed bit, and any length, is refused", () => {
    const sealed = seal(recipient.publicKey, Uint8Array.of(1, 2, 3), webRandomBytes);
    for (let byte = 0; byte < sealed.length; byte++) {
      const changed = sealed.slice();
      // The highest bit of an X25519 key is ignored by the curve, but not by the nonce.
      changed[byte] = (changed[byte] ?? 0) ^ 0x80;
      expect(openSealed(recipient, changed)).toBeUndefined();
      expect(openSealed(recipient, sealed.subarray(0, byte))).toBeUndefined();
    }
  });

  test("the layout is ephemeral key ‖ NaCl box, nonce = SHA-512(ephemeral ‖ recipient)[0..24]", () => {
    const ephemeral = boxKeyPair(new Uint8Array(32).fill(3));
    const sealed = seal(recipient.publicKey, hexToBytes("0102"), () => new Uint8Array(32).fill(3));
    const nonce = sha512(concatBytes(ephemeral.publicKey, recipient.publicKey)).slice(0, 24);
    expect(sealed.subarray(0, 32)).toEqual(ephemeral.publicKey);
    expect(nacl.box.open(sealed.subarray(32), nonce, ephemeral.publicKey, recipient.secretKey)).toEqual(
      hexToBytes("0102"),
    );
    expect(bytesToHex(sealed)).toBe(sealedVector);
  });

  test("a key pair is the X25519 one of its secret", () => {
    expect(recipient.publicKey).toEqual(x25519.getPublicKey(recipient.secretKey));
  });
});

// Keeps the layout as it is; the checks beside it say why it is right.
const sealedVector =
  "5dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e0124b3ef22131771a1531781c7d89819d53f02f9d2112b";

// RFC 7748 section 6.1 and https://cr.yp.to/ecdh.html#validate: 0, 1, two of order 8, p - 1, p, p + 1.
const smallOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

describe("box keys", () => {
  test.each(smallOrder)("%s is of small order and not usable", (hex) => {
    expect(isUsableBoxKey(hexToBytes(hex))).toBe(false);
  });

  test("an honest key is usable, and one of another length is not", () => {
    expect(isUsableBoxKey(recipient.publicKey)).toBe(true);
    expect(isUsableBoxKey(recipient.publicKey.subarray(1))).toBe(false);
  });
});
