/**
 * Identifiers: 16 bytes inside signed documents, lower-case UUID text everywhere else (RFC 9562). Operation ids are
 * version 7, so that they sort by the time they were made.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { RandomBytes } from "./signing/random.ts";

/** True for the only text form that is used: lower-case, with its four dashes. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

/** True for the text form of a version 7 UUID of the RFC 9562 variant. */
export function isUuidv7(text: string): boolean {
  return isUuid(text) && text[14] === "7" && /[89ab]/.test(text[19] ?? "");
}

/** The 16 bytes of a UUID. Throws for any other text. */
export function uuidToBytes(uuid: string): Uint8Array {
  if (!isUuid(uuid)) throw new Error("not a lower-case UUID");
  return hexToBytes(uuid.replaceAll("-", ""));
}

/** The text of a UUID. Throws unless there are exactly 16 bytes. */
export function bytesToUuid(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new Error("a UUID has 16 bytes");
  const hex = bytesToHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A version 8 UUID that follows from the text: the same text, the same id, also after a restore. */
export function derivedUuid(text: string): string {
  const digest = sha256(utf8ToBytes(text)).slice(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return bytesToUuid(digest);
}

/** The Unix milliseconds that a version 7 UUID was made at, as its maker said. */
export function timeOfUuidv7(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

/** A new version 7 UUID: 48 bits of Unix milliseconds, then 74 random bits. */
export function uuidv7(nowMs: number, randomBytes: RandomBytes): string {
  if (!Number.isSafeInteger(nowMs) || nowMs < 0 || nowMs >= 2 ** 48) throw new Error("time out of range");
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(nowMs) << 16n);
  bytes.set(randomBytes(10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytesToUuid(bytes);
}
