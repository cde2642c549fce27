/**
 * What stands in for a voucher number where the number itself must not be: the verifier in a token, the commitment in
 * an operation, and the sealed opening that travels beside it (design sections 3 and 4.4).
 */
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { equalBytes, uint64Bytes } from "../signing/bytes.ts";
import { openSealedNatively, sealNatively } from "../signing/native-sealed.ts";
import type { RandomBytes } from "../signing/random.ts";
import { contextOf } from "../signing/realm.ts";
import { seal, type BoxKeyPair } from "../signing/sealed.ts";

/** A voucher number and the 16 random bytes that keep its commitment from being guessed. */
export interface NumberOpening {
  readonly opening: Uint8Array;
  /** 16 digits. */
  readonly number: string;
}

export interface VerifierInput {
  /** Of the key that signs the token. */
  readonly keyId: Uint8Array;
  readonly serial: bigint;
  /** 16 digits. */
  readonly number: string;
}

/** The cost of the verifier's scrypt (RFC 7914), and its length in bytes. */
export const verifierCost = { N: 1024, r: 8, p: 1, dkLen: 16 } as const;

/** What goes into the scrypt of a verifier, for an implementation of the platform's own. */
export function verifierInput({ keyId, serial, number }: VerifierInput): {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
} {
  const context = contextOf("voucher-number-verifier");
  return { password: numberBytes(number), salt: sha256(concatBytes(context, keyId, uint64Bytes(serial))) };
}

/** scrypt at `verifierCost`, by an implementation of the platform's own: it takes a part of the time, on another thread. */
export type DeriveVerifier = (password: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>;

/** The 16-byte scrypt verifier that a token carries. Takes some milliseconds, which is what guessing costs. */
export function tokenVerifier(input: VerifierInput): Uint8Array {
  const { password, salt } = verifierInput(input);
  return scrypt(password, salt, verifierCost);
}

/** Whether a number is the one that the token, signed under `keyId`, was made for. */
export async function checkVoucherNumber(
  token: { readonly serial: bigint; readonly verifier: Uint8Array },
  keyId: Uint8Array,
  number: string,
  derive: DeriveVerifier,
): Promise<boolean> {
  if (!isVoucherNumber(number)) return false;
  const { password, salt } = verifierInput({ keyId, serial: token.serial, number });
  return equalBytes(await derive(password, salt), token.verifier);
}

/** A fresh opening for a number. */
export function openingFor(number: string, randomBytes: RandomBytes): NumberOpening {
  return { opening: randomBytes(16), number };
}

/** What a signed operation holds in place of the number: SHA-256(context ‖ opening ‖ 16 ASCII digits). */
export function commitmentOf({ opening, number }: NumberOpening): Uint8Array {
  if (opening.length !== 16) throw new Error("an opening has 16 bytes");
  return sha256(concatBytes(contextOf("commitment/voucher-number"), opening, numberBytes(number)));
}

/** Seals an opening for the server: a sealed box of opening (16) ‖ number (8, big-endian). */
export function sealNumber(
  serverBoxKey: Uint8Array,
  opening: NumberOpening,
  randomBytes: RandomBytes,
): Uint8Array {
  return seal(serverBoxKey, sealedContent(opening), randomBytes);
}

/** `sealNumber` by the platform: quicker, and not on the thread that waits. */
export async function sealNumberNatively(
  serverBoxKey: Uint8Array,
  opening: NumberOpening,
  randomBytes: RandomBytes,
): Promise<Uint8Array> {
  return sealNatively(serverBoxKey, sealedContent(opening), randomBytes);
}

function sealedContent({ opening, number }: NumberOpening): Uint8Array {
  if (opening.length !== 16) throw new Error("an opening has 16 bytes");
  requireVoucherNumber(number);
  return concatBytes(opening, uint64Bytes(BigInt(number)));
}

/** Opens what `sealNumber` made; undefined when it does not open or holds no voucher number. */
export async function openSealedNumber(
  serverBox: BoxKeyPair,
  sealed: Uint8Array,
): Promise<NumberOpening | undefined> {
  const plaintext = await openSealedNatively(serverBox, sealed);
  if (plaintext?.length !== 24) return undefined;
  const number = new DataView(plaintext.buffer, plaintext.byteOffset)
    .getBigUint64(16)
    .toString()
    .padStart(16, "0");
  return isVoucherNumber(number) ? { opening: plaintext.slice(0, 16), number } : undefined;
}

function numberBytes(number: string): Uint8Array {
  requireVoucherNumber(number);
  return utf8ToBytes(number);
}

function requireVoucherNumber(number: string): void {
  if (!isVoucherNumber(number)) throw new Error("a voucher number is written with 16 digits");
}

/** Whether it is written as a voucher number is. */
export function isVoucherNumber(number: string): boolean {
  return /^[0-9]{16}$/.test(number);
}
