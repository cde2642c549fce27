/**
 * Reads untrusted CBOR in one pass: it bounds size and depth, takes each value in its one encoding only, and says by code
 * what is wrong (RFC 8949 sections 3 and 4.2.1). Documents are read so often, by tills and servers, that decoding them by a
 * library and encoding them again to compare took many times as long.
 */
import type { CborKey, CborValue } from "./cbor.ts";

/**
 * - `too-large`, `too-deep`: beyond `maxCborBytes` or `maxCborDepth`.
 * - `malformed`: not well-formed CBOR, or bytes after its end.
 * - `not-canonical`: an indefinite length, a longer integer than needed, map keys out of order or repeated, bad UTF-8.
 * - `unsupported-type`: a float, a tag, undefined, another simple value, or a map key that is no integer or text.
 */
export type CborRefusal = "too-large" | "too-deep" | "malformed" | "not-canonical" | "unsupported-type";

export type DecodedCbor =
  | { readonly ok: true; readonly value: CborValue }
  | { readonly ok: false; readonly refusal: CborRefusal };

export const maxCborBytes = 1_048_576;
export const maxCborDepth = 8;

/** Reads exactly one value in its one encoding. */
export function decodeCbor(bytes: Uint8Array): DecodedCbor {
  if (bytes.length > maxCborBytes) return { ok: false, refusal: "too-large" };
  const reader = new Reader(bytes);
  try {
    const value = reader.readItem(1);
    return reader.isAtEnd ? { ok: true, value } : { ok: false, refusal: "malformed" };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

/** Stops the reading; never leaves this file. */
class Refused extends Error {
  readonly refusal: CborRefusal;
  constructor(refusal: CborRefusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice() would be a view and not a copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  readItem(depth: number): CborValue {
    if (depth > maxCborDepth) throw new Refused("too-deep");
    const initial = this.#byte();
    const major = initial >> 5;
    const info = initial & 0x1f;
    if (major === 7) return simpleValue(info);
    if (major === 6) throw new Refused("unsupported-type");
    const argument = this.#argument(info);
    if (major === 0) return argument;
    if (major === 1) return negative(argument);
    if (argument > this.#bytes.length - this.#position) throw new Refused("malformed");
    const length = Number(argument);
    if (major === 2) return this.#bytes.slice(this.#skip(length), this.#position);
    if (major === 3) return textOf(this.#bytes.subarray(this.#skip(length), this.#position));
    return major === 4 ? this.#array(length, depth) : this.#map(length, depth);
  }

  #array(length: number, depth: number): readonly CborValue[] {
    const items: CborValue[] = [];
    for (let index = 0; index < length; index++) items.push(this.readItem(depth + 1));
    return items;
  }

  /** Keys ascend by their bytes, which refuses a repeated one too. */
  #map(length: number, depth: number): ReadonlyMap<CborKey, CborValue> {
    const map = new Map<CborKey, CborValue>();
    let before: Span | undefined;
    for (let index = 0; index < length; index++) {
      const start = this.#position;
      const key = this.#key(depth + 1);
      const encoded = { start, end: this.#position };
      if (before && !this.#isAscending(before, encoded)) throw new Refused("not-canonical");
      before = encoded;
      map.set(key, this.readItem(depth + 1));
    }
    return map;
  }

  #key(depth: number): CborKey {
    const key = this.readItem(depth);
    if (typeof key === "number" || typeof key === "bigint" || typeof key === "string") return key;
    throw new Refused("unsupported-type");
  }

  /** The number in or after the initial byte; refused where it would fit a shorter form. */
  #argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info === 31) throw new Refused("not-canonical");
    if (info > 27) throw new Refused("malformed");
    const at = this.#skip(1 << (info - 24));
    switch (info) {
      case 24:
        return atLeast(24, this.#view.getUint8(at));
      case 25:
        return atLeast(0x100, this.#view.getUint16(at));
      case 26:
        return atLeast(0x1_0000, this.#view.getUint32(at));
      default:
        return atLeast(0x1_0000_0000, numberIfSafe(this.#view.getBigUint64(at)));
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new Refused("malformed");
    return byte;
  }

  /** Goes on behind the next bytes; gives where they begin. */
  #skip(length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start) throw new Refused("malformed");
    this.#position = start + length;
    return start;
  }

  /** RFC 8949 section 4.2.1: bytewise. No encoding of a key begins with that of another. */
  #isAscending(before: Span, after: Span): boolean {
    const length = Math.min(before.end - before.start, after.end - after.start);
    for (let index = 0; index < length; index++) {
      const difference = (this.#bytes[after.start + index] ?? 0) - (this.#bytes[before.start + index] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return false;
  }
}

/** Where some bytes are; a view of them would cost more than reading them. */
interface Span {
  readonly start: number;
  readonly end: number;
}

function simpleValue(info: number): boolean | null {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22) return null;
  throw new Refused("unsupported-type");
}

function negative(argument: number | bigint): number | bigint {
  const isSafe = typeof argument === "number" && argument < Number.MAX_SAFE_INTEGER;
  return isSafe ? -1 - argument : -1n - BigInt(argument);
}

function numberIfSafe(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function atLeast(least: number, value: number | bigint): number | bigint {
  if (value < least) throw new Refused("not-canonical");
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A byte order mark at the start is refused as it is not written: other decoders swallow it. */
function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) throw new Refused("not-canonical");
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refused("not-canonical");
  }
}
