/** What the caller of the API gets instead of a voucher number, written out by hand over NaCl and SHA-512. */
import { createHash, randomBytes } from "node:crypto";
import nacl from "tweetnacl";
import { expect, test } from "vitest";
import { decryptNumber, encryptNumber } from "./numbers.ts";

const server = nacl.box.keyPair();
const caller = nacl.box.keyPair();
const serial = 9_007_199_254_740_991n;
const number = "4000123412341238";

function encrypted(random = new Uint8Array(randomBytes(9))): string {
  const boxKey = nacl.box.before(caller.publicKey, server.secretKey);
  return encryptNumber(boxKey, serial, number, random);
}

test("4.4: it fits 44 base64 characters: 9 random bytes and the box of an 8-byte integer, nonce from context, random and serial", () => {
  const text = encrypted();
  expect(text).toMatch(/^[A-Za-z0-9+/]{44}$/);
  const bytes = Buffer.from(text, "base64");
  const nonce = createHash("sha512")
    .update("paypost/1/voucher-number-for-caller")
    .update(bytes.subarray(0, 9))
    .update(Buffer.from(serial.toString(16).padStart(16, "0"), "hex"))
    .digest()
    .subarray(0, 24);
  const opened = nacl.box.open(bytes.subarray(9), nonce, server.publicKey, caller.secretKey);
  expect(Buffer.from(opened ?? []).readBigUInt64BE()).toBe(BigInt(number));
});

test("4.4: it opens for its caller, as what it was, and for no other key, serial or bytes", () => {
  const text = encrypted();
  const open = (changed: { secret?: Uint8Array; of?: bigint; text?: string }) =>
    decryptNumber(
      changed.secret ?? caller.secretKey,
      server.publicKey,
      changed.of ?? serial,
      changed.text ?? text,
    );
  expect(open({})).toBe(number);
  expect(open({ secret: nacl.box.keyPair().secretKey })).toBeUndefined();
  expect(open({ of: serial - 1n })).toBeUndefined();
  expect(open({ text: encrypted().slice(0, 40) })).toBeUndefined();
  const changed = Buffer.from(text, "base64");
  changed[20] = (changed[20] ?? 0) ^ 1;
  expect(open({ text: changed.toString("base64") })).toBeUndefined();
});
