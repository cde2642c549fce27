/** Against node:crypto, which shares no code with what is tested. */
import { createHash, scryptSync } from "node:crypto";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { webRandomBytes } from "../signing/random.ts";
import { boxKeyPair, seal } from "../signing/sealed.ts";
import {
  checkVoucherNumber,
  commitmentOf,
  openingFor,
  openSealedNumber,
  sealNumber,
  tokenVerifier,
} from "./voucher-number.ts";

const number = "4000123412341234";
const keyId = hexToBytes("0102030405060708");
const serial = 1_234_567_890n;
const knownVerifier = "6378b3dafa30e23efc4f5098ae30de3f";
const knownCommitment = "801f31dda12dd7953be8869c7ef611c68d4775e70dffa36132a121ffb9a8fb0c";
const server = boxKeyPair(new Uint8Array(32).fill(9));
const derive = async (password: Uint8Array, salt: Uint8Array) =>
  scryptSync(password, salt, 16, { N: 1024, r: 8, p: 1 });

describe("4.4: the verifier in a token", () => {
  test("is the scrypt of the number under a salt of context, key id and serial", () => {
    const eightBytes = Buffer.alloc(8);
    eightBytes.writeBigUInt64BE(serial);
    const context = "paypost/1/voucher-number-verifier";
    const salt = createHash("sha256").update(context).update(keyId).update(eightBytes).digest();
    const expected = scryptSync(number, salt, 16, { N: 1024, r: 8, p: 1 }).toString("hex");
    expect(bytesToHex(tokenVerifier({ keyId, serial, number }))).toBe(expected);
    expect(expected).toBe(knownVerifier);
  });

  test("fits its own number, serial and key id only", async () => {
    const token = { serial, verifier: tokenVerifier({ keyId, serial, number }) };
    expect(await checkVoucherNumber(token, keyId, number, derive)).toBe(true);
    expect(await checkVoucherNumber(token, keyId, "4000123412341235", derive)).toBe(false);
    expect(await checkVoucherNumber({ ...token, serial: serial + 1n }, keyId, number, derive)).toBe(false);
    expect(await checkVoucherNumber(token, hexToBytes("0102030405060709"), number, derive)).toBe(false);
    expect(
      await checkVoucherNumber({ ...token, verifier: token.verifier.subarray(1) }, keyId, number, derive),
    ).toBe(false);
  });

  test.each(["", "123", "400012341234123x", "40001234123412345", " 400012341234123"])(
    "%j is no voucher number: refused by the check, thrown out by the maker",
    async (typed) => {
      expect(await checkVoucherNumber({ serial, verifier: new Uint8Array(16) }, keyId, typed, derive)).toBe(
        false,
      );
      expect(() => tokenVerifier({ keyId, serial, number: typed })).toThrow("16 digits");
    },
  );
});

describe("the commitment in an operation", () => {
  const opening = new Uint8Array(16).fill(5);

  test("is SHA-256 of context, opening and the 16 digits", () => {
    const hash = createHash("sha256")
      .update("paypost/1/commitment/voucher-number")
      .update(opening)
      .update(number);
    const expected = hash.digest("hex");
    expect(bytesToHex(commitmentOf({ opening, number }))).toBe(expected);
    expect(expected).toBe(knownCommitment);
  });

  test("differs for each opening and each number", () => {
    const first = openingFor(number, webRandomBytes);
    const second = openingFor(number, webRandomBytes);
    expect(commitmentOf(first)).not.toEqual(commitmentOf(second));
    expect(commitmentOf(first)).not.toEqual(commitmentOf({ ...first, number: "4000123412341235" }));
  });

  test("takes openings of 16 bytes and numbers of 16 digits only", () => {
    expect(() => commitmentOf({ opening: new Uint8Array(15), number })).toThrow("16 bytes");
    expect(() => commitmentOf({ opening, number: "1" })).toThrow("16 digits");
  });
});

describe("the sealed opening beside an operation", () => {
  test.each(["4000123412341234", "0000000000000000", "9007199254740991", "0000000000000042"])(
    "%s comes out as it went in",
    async (sealedNumber) => {
      const opening = openingFor(sealedNumber, webRandomBytes);
      const sealed = sealNumber(server.publicKey, opening, webRandomBytes);
      expect(sealed).toHaveLength(72);
      expect(await openSealedNumber(server, sealed)).toEqual(opening);
    },
  );

  test("does not open for another key, when changed, or when it holds something else", async () => {
    const sealed = sealNumber(server.publicKey, openingFor(number, webRandomBytes), webRandomBytes);
    const changed = sealed.map((byte, index) => (index === 50 ? byte ^ 1 : byte));
    const seventeenDigits = seal(server.publicKey, new Uint8Array(24).fill(255), webRandomBytes);
    const others = [0, 23, 25].map((length) =>
      seal(server.publicKey, new Uint8Array(length), webRandomBytes),
    );
    for (const bytes of [changed, seventeenDigits, ...others]) {
      expect(await openSealedNumber(server, bytes)).toBeUndefined();
    }
    const other = boxKeyPair(new Uint8Array(32).fill(8));
    expect(await openSealedNumber(other, sealed)).toBeUndefined();
  });

  test("is not made of anything but a voucher number and 16 bytes", () => {
    const opening = new Uint8Array(16);
    expect(() => sealNumber(server.publicKey, { opening, number: "12" }, webRandomBytes)).toThrow(
      "16 digits",
    );
    const short = { opening: new Uint8Array(15), number };
    expect(() => sealNumber(server.publicKey, short, webRandomBytes)).toThrow("16 bytes");
  });
});
