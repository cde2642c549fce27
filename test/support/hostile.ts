/** What somebody who means harm sends: bodies, values, words in a URL and headers, each with what it tries. */
import * as fc from "fast-check";
import type { OpenApi, Schema } from "./openapi.ts";
import { valid } from "./openapi.ts";

export interface HostileBody {
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const json = (value: unknown): HostileBody => ({ body: JSON.stringify(value) });
const text = (body: string, type = "application/json"): HostileBody => ({
  body,
  headers: { "content-type": type },
});

const utf16 = Buffer.from('{"requestID":"r"}', "utf16le");
const external = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d>&e;</d>`;

export const hostileBodies: Readonly<Record<string, HostileBody>> = {
  nothing: { body: "" },
  "a null": json(null),
  "a number": json(7),
  "an empty list": json([]),
  "a list of nulls": json(Array.from({ length: 10_000 }, () => null)),
  "an object of many names": json(
    Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 1])),
  ),
  "lists a hundred thousand deep": text("[".repeat(100_000) + "]".repeat(100_000)),
  "objects fifty thousand deep": text('{"a":'.repeat(50_000) + "1" + "}".repeat(50_000)),
  "lists that never end": text("[".repeat(200_000)),
  "a prototype": text('{"__proto__":{"polluted":true},"requestID":"r-1"}'),
  "a constructor": text('{"constructor":{"prototype":{"polluted":true}},"requestID":"constructor"}'),
  "names twice": text('{"requestID":"a","requestID":{"x":1}}'),
  "a number beyond all": text('{"requestID":1e999,"amount":-1e999,"RequestID":99999999999999999999999999}'),
  "a number of a million digits": text(`{"amount":${"9".repeat(1_000_000)}}`),
  "a string of a million": json({ requestID: "x".repeat(1_000_000), RequestID: "x".repeat(1_000_000) }),
  "half a surrogate": text('{"requestID":"\\ud800","RequestID":"\\udfff"}'),
  "a null character": text('{"requestID":"a\\u0000b","RequestID":"\\u0000"}'),
  "no JSON": text("{'requestID': NaN,}"),
  "a byte order mark": text('\ufeff{"requestID":"r-1"}'),
  "UTF-16": { body: utf16, headers: { "content-type": "application/json; charset=utf-16" } },
  "bytes that are no UTF-8": { body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x7d]) },
  "packed, and not": { body: "not packed", headers: { "content-encoding": "gzip" } },
  "packed in an unknown way": { body: "x", headers: { "content-encoding": "br, gzip, deflate" } },
  "CBOR that claims four billion items": { body: new Uint8Array([0x9a, 0xff, 0xff, 0xff, 0xff]) },
  "CBOR a hundred thousand deep": { body: new Uint8Array(100_000).fill(0x81) },
  "XML with an entity of a file": text(external, "application/xml"),
  "a form without a boundary": text("--x", "multipart/form-data"),
  "a form that does not end": text(
    '--x\r\nContent-Disposition: form-data; name="data"\r\n\r\n',
    "multipart/form-data; boundary=x",
  ),
  "a type that is none": text("{}", "a/b/c;;=,;charset=\u00ff"),
};

/** Instead of a text, or of anything else. */
export const hostileTexts: readonly string[] = [
  "'; drop table vouchers; --",
  "1' or '1'='1",
  "$1",
  "%s%n%x",
  "{{7*7}}${7*7}",
  "../../../../etc/passwd",
  "..\\..\\windows",
  "file:///etc/passwd",
  "http://169.254.169.254/latest/meta-data/",
  "a\r\nX-Injected: yes",
  "<script>alert(1)</script>",
  "=cmd|' /C calc'!A0",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "\u202e\u0000\ufeff",
  "e\u0301".repeat(50),
  "9".repeat(400),
  "-1",
  "1e309",
  "NaN",
  "",
  " ",
  "null",
  "x".repeat(5_000),
];

const hostileValues: readonly unknown[] = [
  ...hostileTexts,
  null,
  true,
  -1,
  0,
  2 ** 53,
  -(2 ** 63),
  1e308,
  0.1 + 0.2,
  [],
  {},
  [[[]]],
  { __proto__: null, length: 1e9 },
];

/** Bodies that a schema allows but for one value somewhere in them. */
export function almostValid(api: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  return fc
    .tuple(valid(api, schema), fc.nat(), fc.constantFrom(...hostileValues))
    .map(([value, at, hostile]) => {
      const places = placesOf(value);
      const place = places[at % Math.max(1, places.length)];
      if (!place) return hostile;
      place.holder[place.name] = hostile;
      return value;
    });
}

function placesOf(value: unknown): { holder: Record<string, unknown>; name: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.entries(holder).flatMap(([name, inner]) => [{ holder, name }, ...placesOf(inner)]);
}
