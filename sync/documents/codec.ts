/**
 * How a document becomes CBOR and back: one table of fields serves both directions, so that they cannot drift apart.
 * Reading is closed: a field that is missing, unknown, of another type or out of range is a refusal, never a default.
 */
import { decodeCbor, encodeCbor, type CborRefusal, type CborValue } from "../signing/cbor.ts";

export type DocumentRefusal =
  | { readonly code: "not-cbor"; readonly because: CborRefusal }
  | {
      readonly code:
        | "missing-field"
        | "unknown-field"
        | "wrong-type"
        | "out-of-range"
        | "unsupported-version";
      /** Path of the field in the document's own words, such as `body.epoch.n`. */
      readonly field: string;
    };

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: DocumentRefusal };

/** One value in both directions. `fromCbor` refuses by throwing `Refused`, which `decodeDocument` catches. */
export interface Codec<T> {
  toCbor(value: T): CborValue;
  fromCbor(value: CborValue, field: string): T;
  /** What a field that is not there means; only of fields that came after their format's first version. */
  readonly absent?: { readonly value: T };
}

/** The payload of a document. Throws when the value is one that `decodeDocument` would refuse. */
export function encodeDocument<T>(codec: Codec<T>, value: T): Uint8Array {
  const payload = encodeCbor(codec.toCbor(value));
  const read = decodeDocument(codec, payload);
  if (!read.ok) throw new Error(`not a valid document: ${JSON.stringify(read.refusal)}`);
  return payload;
}

/** Reads a payload in full, or says what is wrong with it. */
export function decodeDocument<T>(codec: Pick<Codec<T>, "fromCbor">, payload: Uint8Array): Decoded<T> {
  const decoded = decodeCbor(payload);
  if (!decoded.ok) return { ok: false, refusal: { code: "not-cbor", because: decoded.refusal } };
  try {
    return { ok: true, value: codec.fromCbor(decoded.value, "") };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

/** Stops the reading of a document; never leaves this folder. */
export function refuse(code: Exclude<DocumentRefusal["code"], "not-cbor">, field: string): never {
  throw new Refused({ code, field });
}

class Refused extends Error {
  readonly refusal: DocumentRefusal;
  constructor(refusal: DocumentRefusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

type KeyedFields<T> = { readonly [Name in keyof T]-?: readonly [key: number, codec: Codec<T[Name]>] };
type OrderedFields<T> = { readonly [Name in keyof T]-?: Codec<T[Name]> };
type Field = readonly [name: string, codec: Codec<unknown>];

/** A map with small integer keys. */
export function mapOf<T extends object>(fields: KeyedFields<T>): Codec<T> {
  const byKey = new Map<number, Field>(
    Object.entries(fields as Record<string, readonly [number, Codec<unknown>]>).map(
      ([name, [key, codec]]) => [key, [name, codec]],
    ),
  );
  return {
    toCbor(value) {
      const properties = value as Record<string, unknown>;
      const written = [...byKey].filter(([, [name, codec]]) => !isAbsent(codec, properties[name]));
      return new Map(written.map(([key, [name, codec]]) => [key, codec.toCbor(properties[name])]));
    },
    fromCbor(value, field) {
      if (!isMap(value)) return refuse("wrong-type", field);
      const read: Record<string, unknown> = {};
      for (const [key, [name, codec]] of byKey)
        read[name] = readField(codec, value.get(key), join(field, name));
      for (const key of value.keys()) {
        if (!byKey.has(key as number)) refuse("unknown-field", join(field, String(key)));
      }
      return read as T;
    },
  };
}

/** Some keys of a map, whatever else is in it: for what must be known even of a document that cannot be read. */
export function partOf<T extends object>(fields: KeyedFields<T>): Pick<Codec<T>, "fromCbor"> {
  return {
    fromCbor(value, field) {
      if (!isMap(value)) return refuse("wrong-type", field);
      const entries = Object.entries(fields as Record<string, readonly [number, Codec<unknown>]>);
      return Object.fromEntries(
        entries.map(([name, [key, codec]]) => [name, readField(codec, value.get(key), join(field, name))]),
      ) as T;
    },
  };
}

/** An array whose places have names, in the order written; places at the end that say nothing are left out. */
export function rowOf<T extends object>(fields: OrderedFields<T>): Codec<T> {
  const columns: readonly Field[] = Object.entries(fields as Record<string, Codec<unknown>>);
  const least = columns.findLastIndex(([, codec]) => codec.absent === undefined) + 1;
  return {
    toCbor(value) {
      const properties = value as Record<string, unknown>;
      const last = columns.findLastIndex(([name, codec]) => !isAbsent(codec, properties[name]));
      return columns.slice(0, last + 1).map(([name, codec]) => codec.toCbor(properties[name]));
    },
    fromCbor(value, field) {
      if (!isList(value) || value.length > columns.length || value.length < least) {
        return refuse("wrong-type", field);
      }
      const read: Record<string, unknown> = {};
      for (const [index, [name, codec]] of columns.entries()) {
        const at = join(field, name);
        // A place before the last one is written in full, whatever it says.
        const item = value[index];
        const isLast = index >= value.length - 1;
        read[name] = isLast ? readField(codec, item, at) : codec.fromCbor(item ?? null, at);
      }
      return read as T;
    },
  };
}

/** An array of at most `most` values of one codec. */
export function listOf<T>(codec: Codec<T>, most: number): Codec<readonly T[]> {
  return {
    toCbor: (values) => values.map((value) => codec.toCbor(value)),
    fromCbor(value, field) {
      if (!isList(value)) return refuse("wrong-type", field);
      if (value.length > most) return refuse("out-of-range", field);
      return value.map((item, index) => codec.fromCbor(item, `${field}[${index}]`));
    },
  };
}

export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    toCbor: (value) => (value === null ? null : codec.toCbor(value)),
    fromCbor: (value, field) => (value === null ? null : codec.fromCbor(value, field)),
  };
}

/**
 * A field that its format did not have at first: where it is not written, it has this value. Writing that value out is
 * refused, since a content has one encoding.
 */
export function laterField<T>(codec: Codec<T>, absent: T & (boolean | number | null)): Codec<T> {
  return { ...codec, absent: { value: absent } };
}

/** A map whose key 0 names which of several it is; each variant lists that key as its `type`. */
export function variantsOf<T extends { readonly type: string }>(variants: {
  readonly [Type in T["type"]]: Codec<Extract<T, { readonly type: Type }>>;
}): Codec<T> {
  const byType = new Map<string, Codec<T>>(Object.entries(variants));
  return {
    toCbor: (value) => (byType.get(value.type) ?? refuse("out-of-range", "type")).toCbor(value),
    fromCbor(value, field) {
      if (!isMap(value)) return refuse("wrong-type", field);
      const type = value.get(0) ?? refuse("missing-field", join(field, "type"));
      if (typeof type !== "string") return refuse("wrong-type", join(field, "type"));
      return (byType.get(type) ?? refuse("out-of-range", join(field, "type"))).fromCbor(value, field);
    },
  };
}

/** A codec with a rule across fields; `brokenBy` names the field that breaks it. */
export function where<T>(codec: Codec<T>, brokenBy: (value: T) => string | undefined): Codec<T> {
  return {
    toCbor: (value) => codec.toCbor(value),
    fromCbor(value, field) {
      const read = codec.fromCbor(value, field);
      const broken = brokenBy(read);
      return broken === undefined ? read : refuse("out-of-range", join(field, broken));
    },
  };
}

function isAbsent({ absent }: Codec<unknown>, value: unknown): boolean {
  return absent !== undefined && absent.value === value;
}

function readField(codec: Codec<unknown>, item: CborValue | undefined, at: string): unknown {
  if (item === undefined) return codec.absent ? codec.absent.value : refuse("missing-field", at);
  const value = codec.fromCbor(item, at);
  return isAbsent(codec, value) ? refuse("out-of-range", at) : value;
}

function isMap(value: CborValue): value is ReadonlyMap<number | bigint | string, CborValue> {
  return value instanceof Map;
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}
