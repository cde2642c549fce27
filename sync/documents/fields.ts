/**
 * The kinds of field that documents are made of, each with its range. Ranges are those that every place a value is
 * kept in can hold: PostgreSQL's bigint and text, SQLite's integer, a JavaScript date.
 */
import { currencyDecimals } from "#core/money.ts";
import { bytesToUuid, isUuidv7, uuidToBytes } from "../ids.ts";
import type { CborValue } from "../signing/cbor.ts";
import { publicKeyRefusal } from "../signing/ed25519-strict.ts";
import { refuse, rowOf, type Codec } from "./codec.ts";

/** A lease's number on one voucher: the database's generation, then a count within it. */
export interface Epoch {
  readonly generation: number;
  readonly n: number;
}

/** An integer that the domain holds as a number. */
export function integer(least: number, most: number): Codec<number> {
  return scalar(
    (value) => (typeof value === "number" ? value : undefined),
    (value) => value >= least && value <= most,
  );
}

/** An integer that the domain holds as a bigint, whatever its size. */
export function bigInteger(least: bigint, most: bigint): Codec<bigint> {
  return scalar(
    (value) => (typeof value === "number" || typeof value === "bigint" ? BigInt(value) : undefined),
    (value) => value >= least && value <= most,
  );
}

/** Text of 1 to `mostBytes` bytes of UTF-8 without control characters, which PostgreSQL or a screen would not take. */
export function text(mostBytes: number): Codec<string> {
  return scalar(
    (value) => (typeof value === "string" ? value : undefined),
    (value) => value !== "" && utf8Length(value) <= mostBytes && !/\p{Cc}/u.test(value),
  );
}

export function bytes(length: number): Codec<Uint8Array> {
  return scalar(asBytes, (value) => value.length === length);
}

/** Bytes of whatever content, not none, at most `most` of them. */
export function blob(most: number): Codec<Uint8Array> {
  return scalar(asBytes, (value) => value.length > 0 && value.length <= most);
}

/** One of a few texts. */
export function oneOf<const T extends string>(...allowed: readonly T[]): Codec<T> {
  return scalar(
    (value) => (typeof value === "string" ? (value as T) : undefined),
    (value) => allowed.includes(value),
  );
}

/** The version of a document's format, refused by a code of its own so that a newer peer is not taken for a forger. */
export function formatVersion<const T extends number>(version: T): Codec<T> {
  return {
    toCbor: (value) => value,
    fromCbor: (value, field) => (value === version ? version : refuse("unsupported-version", field)),
  };
}

export const yesOrNo: Codec<boolean> = scalar(
  (value) => (typeof value === "boolean" ? value : undefined),
  () => true,
);

/** 16 bytes, in the domain a lower-case UUID. */
export const uuid: Codec<string> = {
  toCbor: uuidToBytes,
  fromCbor: (value, field) => bytesToUuid(bytes(16).fromCbor(value, field)),
};

export const operationUuid: Codec<string> = {
  toCbor: uuidToBytes,
  fromCbor(value, field) {
    const read = uuid.fromCbor(value, field);
    return isUuidv7(read) ? read : refuse("out-of-range", field);
  },
};

/** Milliseconds since the epoch, before the year 10000. */
export const timeMs = integer(0, 253_402_300_799_999);
export const durationMs = integer(0, Number.MAX_SAFE_INTEGER);
/** A number that only grows; PostgreSQL keeps it as bigint. */
export const counter = integer(1, Number.MAX_SAFE_INTEGER);
/** A version or generation; PostgreSQL keeps it as integer. */
export const smallCount = integer(0, 2_147_483_647);
export const serial = bigInteger(1n, 9_007_199_254_740_991n);
export const amountMinor = bigInteger(1n, 9_223_372_036_854_775_807n);
export const amountOrNone = bigInteger(0n, 9_223_372_036_854_775_807n);
export const hash = bytes(32);
export const epoch: Codec<Epoch> = rowOf<Epoch>({ generation: smallCount, n: smallCount });

/** The biller's prefix and its own id (GovStack P2G: at most 20 characters). */
export const billId: Codec<string> = scalar(
  (value) => (typeof value === "string" ? value : undefined),
  (value) => /^[0-9A-Za-z-]{2,20}$/.test(value),
);

/** An ISO 4217 code that money can be formatted in. */
export const currency: Codec<string> = scalar(
  (value) => (typeof value === "string" ? value : undefined),
  (value) => currencyDecimals(value) !== undefined,
);

/** An Ed25519 public key in its one encoding and not of small order. */
export const signingKey: Codec<Uint8Array> = scalar(asBytes, (key) => publicKeyRefusal(key) === undefined);

function scalar<T extends CborValue>(
  read: (value: CborValue) => T | undefined,
  isAllowed: (value: T) => boolean,
): Codec<T> {
  return {
    toCbor: (value) => value,
    fromCbor(value, field) {
      const typed = read(value);
      if (typed === undefined) return refuse("wrong-type", field);
      return isAllowed(typed) ? typed : refuse("out-of-range", field);
    },
  };
}

function asBytes(value: CborValue): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function utf8Length(value: string): number {
  return new TextEncoder().encode(value).length;
}
