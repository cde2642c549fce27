/**
 * Voucher numbers while they exist: drawn, indexed, verified and encrypted in one place, and kept nowhere else
 * (design: voucher token; GovStack vouchers, "Numbers"). Keyed material comes from the key folder, not the database.
 */
import { createHash, createHmac, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { concatBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { drawVoucherNumber } from "#core/voucher-number.ts";
import { verifierInput } from "#sync/documents/voucher-number.ts";
import { uint64Bytes } from "#sync/signing/bytes.ts";

export interface NumberKeys {
  /** 32 bytes; keys the blind index. */
  readonly indexKey: Uint8Array;
  /** X25519; encrypts numbers for callers. */
  readonly boxSecretKey: Uint8Array;
  /** Gives the key id of the key that will sign the token of a number drawn now; it salts the verifier. */
  readonly tokenKeyId: () => Uint8Array;
}

/** Scrypt at the cost of a verifier (`verifierCost`), away from the thread that answers requests. */
export type VerifierScrypt = (password: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>;

/** What numbers are made with. */
export interface NumberMaking {
  readonly keys: NumberKeys;
  readonly scrypt: VerifierScrypt;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** All that may be kept of a number for good. */
interface KeptNumber {
  readonly numberIndex: Uint8Array;
  readonly numberVerifier: Uint8Array;
  /** Of the key that salted the verifier, and must sign the token. */
  readonly tokenKeyId: Uint8Array;
}

export interface IssuedNumber extends KeptNumber {
  /** Base64, 44 characters; null where the caller gets the number otherwise. */
  readonly ciphertext: string | null;
}

/** The key that a caller's numbers are encrypted under: costly, so it is made once for many of them. */
export function callerBoxKey(keys: NumberKeys, callerPublicKey: Uint8Array): Uint8Array {
  return nacl.box.before(callerPublicKey, keys.boxSecretKey);
}

/** Random bytes that a number takes, as a rule: 8 for itself, 9 for its encryption. */
export const randomOfNumber = 17;

/** Draws a number for the voucher and returns all that may be kept of it. */
export async function issueNumber(
  making: NumberMaking,
  serial: bigint,
  boxKey: Uint8Array,
): Promise<IssuedNumber> {
  const { randomBytes } = making;
  const number = drawNumber(randomBytes);
  return {
    ...(await keepNumber(making, serial, number)),
    ciphertext: encryptNumber(boxKey, serial, number, randomBytes(9)),
  };
}

export function drawNumber(randomBytes: (length: number) => Uint8Array): string {
  let number: string | undefined;
  while (number === undefined) number = drawVoucherNumber(randomBytes(8));
  return number;
}

/** `number` is in its stored form, 16 digits. */
export async function keepNumber(
  { keys, scrypt }: Pick<NumberMaking, "keys" | "scrypt">,
  serial: bigint,
  number: string,
): Promise<KeptNumber> {
  const tokenKeyId = keys.tokenKeyId();
  const { password, salt } = verifierInput({ keyId: tokenKeyId, serial, number });
  const numberVerifier = await scrypt(password, salt);
  return { numberIndex: indexOfNumber(keys.indexKey, number), numberVerifier, tokenKeyId };
}

/** HMAC-SHA-256 of the number's 16 digits: finds a voucher by number without keeping the number. */
export function indexOfNumber(indexKey: Uint8Array, number: string): Uint8Array {
  return new Uint8Array(createHmac("sha256", keyObjectOf(indexKey)).update(number).digest());
}

/** Node takes ten times as long for an HMAC over a key's bytes as over a key object, so that is made once for each key. */
function keyObjectOf(key: Uint8Array): KeyObject {
  const object = keyObjects.get(key) ?? createSecretKey(key);
  keyObjects.set(key, object);
  return object;
}

const keyObjects = new WeakMap<Uint8Array, KeyObject>();

/**
 * 9 random bytes and the NaCl box of the number as an 8-byte integer: 33 bytes, 44 base64 characters. The nonce is
 * the start of SHA-512(context ‖ random ‖ serial).
 */
export function encryptNumber(
  boxKey: Uint8Array,
  serial: bigint,
  number: string,
  random: Uint8Array,
): string {
  const box = nacl.box.after(uint64Bytes(BigInt(number)), numberNonce(random, serial), boxKey);
  return Buffer.from(concatBytes(random, box)).toString("base64");
}

/** What a caller does with a `voucherNumber` it received; undefined when it is not for this key, or was changed. */
export function decryptNumber(
  callerSecretKey: Uint8Array,
  serverPublicKey: Uint8Array,
  serial: bigint,
  ciphertext: string,
): string | undefined {
  return decryptNumberUnder(nacl.box.before(serverPublicKey, callerSecretKey), serial, ciphertext);
}

/** The same for many numbers: the key of all boxes between caller and server is made once, which is the costly part. */
export function decryptNumberUnder(
  boxKey: Uint8Array,
  serial: bigint,
  ciphertext: string,
): string | undefined {
  const bytes = new Uint8Array(Buffer.from(ciphertext, "base64"));
  if (bytes.length !== 33) return undefined;
  const opened = nacl.box.open.after(bytes.subarray(9), numberNonce(bytes.subarray(0, 9), serial), boxKey);
  if (!opened) return undefined;
  return new DataView(opened.buffer, opened.byteOffset).getBigUint64(0).toString().padStart(16, "0");
}

function numberNonce(random: Uint8Array, serial: bigint): Uint8Array {
  const hash = createHash("sha512").update("paypost/1/voucher-number-for-caller");
  return new Uint8Array(hash.update(random).update(uint64Bytes(serial)).digest()).subarray(0, 24);
}
