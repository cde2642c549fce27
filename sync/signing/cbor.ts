/**
 * Deterministic CBOR (RFC 8949 section 4.2.1): one value has one encoding, and every other encoding of it is refused, so
 * that bytes can be signed, hashed and compared. It is written by cborg, and read by `cbor-read.ts`.
 *
 * Integers: `decodeCbor` gives a number up to 2^53 - 1 in size and a bigint beyond; `encodeCbor` takes either and
 * writes the same bytes for 5 and 5n. A document's own fields decide which of the two the domain sees.
 */
import { encode, rfc8949EncodeOptions } from "cborg";
import { ownBytes } from "./bytes.ts";
import { maxCborBytes, maxCborDepth } from "./cbor-read.ts";

export { decodeCbor, maxCborBytes, type CborRefusal } from "./cbor-read.ts";

export type CborKey = number | bigint | string;

export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<CborKey, CborValue>;

/** The one encoding of a value. Throws for what `decodeCbor` would refuse: floats, lone surrogates, deep nesting. */
export function encodeCbor(value: CborValue): Uint8Array {
  requireEncodable(value, 1);
  const bytes = encode(value, rfc8949EncodeOptions);
  if (bytes.length > maxCborBytes) throw new Error("too large to encode");
  // On Node cborg may hand out a Buffer over pooled memory, whose slice() is a view and not a copy.
  return ownBytes(bytes);
}

function requireEncodable(value: CborValue, depth: number): void {
  if (depth > maxCborDepth) throw new Error("too deep to encode");
  if (value instanceof Map) {
    for (const [key, item] of value) {
      if (!["number", "bigint", "string"].includes(typeof key)) throw new Error("not encodable as a map key");
      requireEncodable(key, depth + 1);
      requireEncodable(item, depth + 1);
    }
  } else if (Array.isArray(value)) {
    for (const item of value) requireEncodable(item, depth + 1);
  } else if (!isScalar(value)) {
    throw new Error(`not encodable: ${typeof value}`);
  }
}

function isScalar(value: unknown): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value === "bigint") return value >= -(1n << 64n) && value < 1n << 64n;
  // A decoder would turn a lone surrogate into U+FFFD and swallow a byte order mark.
  if (typeof value === "string") return value.isWellFormed() && !value.startsWith("\uFEFF");
  return value === null || typeof value === "boolean" || value instanceof Uint8Array;
}
