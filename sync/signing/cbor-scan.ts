/**
 * A first pass over untrusted CBOR that builds nothing: it bounds size and depth, and says by code what is wrong,
 * before a decoder whose errors can only be told apart by their text (RFC 8949 sections 3 and 4.2.1).
 */

/**
 * - `too-large`, `too-deep`: beyond `maxCborBytes` or `maxCborDepth`.
 * - `malformed`: not well-formed CBOR, or bytes after its end.
 * - `not-canonical`: an indefinite length; after the scan also a longer integer than needed, map keys out of order or
 *   repeated, bad UTF-8.
 * - `unsupported-type`: a float, a tag, undefined, another simple value, or a map key that is no integer or text.
 */
export type CborRefusal = "too-large" | "too-deep" | "malformed" | "not-canonical" | "unsupported-type";

export const maxCborBytes = 1_048_576;
export const maxCborDepth = 8;

/** What is wrong with the shape of these bytes; undefined when they are one well-formed item of the types in use. */
export function scanCbor(bytes: Uint8Array): CborRefusal | undefined {
  if (bytes.length > maxCborBytes) return "too-large";
  const input = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), position: 0 };
  return scanItem(input, 1) ?? (input.position === bytes.length ? undefined : "malformed");
}

interface Input {
  readonly view: DataView;
  position: number;
}

function scanItem(input: Input, depth: number): CborRefusal | undefined {
  if (depth > maxCborDepth) return "too-deep";
  if (remaining(input) < 1) return "malformed";
  const initial = input.view.getUint8(input.position++);
  const major = initial >> 5;
  const info = initial & 0x1f;
  if (major === 7) return info >= 20 && info <= 22 ? undefined : "unsupported-type";
  if (major === 6) return "unsupported-type";
  const argument = readArgument(input, info);
  if (typeof argument === "string") return argument;
  if (major <= 1) return undefined;
  if (argument > remaining(input)) return "malformed";
  if (major <= 3) return skip(input, Number(argument));
  return scanChildren(input, major === 5 ? Number(argument) * 2 : Number(argument), major === 5, depth);
}

function scanChildren(input: Input, count: number, isMap: boolean, depth: number): CborRefusal | undefined {
  for (let index = 0; index < count; index++) {
    if (isMap && index % 2 === 0 && remaining(input) > 0) {
      const keyMajor = input.view.getUint8(input.position) >> 5;
      if (keyMajor !== 0 && keyMajor !== 1 && keyMajor !== 3) return "unsupported-type";
    }
    const refusal = scanItem(input, depth + 1);
    if (refusal) return refusal;
  }
  return undefined;
}

/** The number in or after the initial byte. */
function readArgument(input: Input, info: number): bigint | "malformed" | "not-canonical" {
  if (info < 24) return BigInt(info);
  if (info === 31) return "not-canonical";
  if (info > 27) return "malformed";
  const length = 1 << (info - 24);
  if (remaining(input) < length) return "malformed";
  let value = 0n;
  for (let index = 0; index < length; index++) {
    value = (value << 8n) | BigInt(input.view.getUint8(input.position++));
  }
  return value;
}

function skip(input: Input, length: number): undefined {
  input.position += length;
}

function remaining(input: Input): number {
  return input.view.byteLength - input.position;
}
