/** What the fields of several APIs have in common. */
import { z } from "@hono/zod-openapi";
import { DecimalText } from "#core/json.ts";

/** Major units. Kept as decimal text, whatever the number's form in JSON. */
export const amount = z
  .union([z.number(), z.string(), z.instanceof(DecimalText)])
  .transform((value) => (value instanceof DecimalText ? value.text : String(value)))
  .openapi({ type: "number", example: 12.5 });

/**
 * Field names differ in case between the published files: `requestId`, `RequestID` and `requestID` are one. Gives the fields
 * of an object, and of the objects in its lists, the spelling of `names`; others stay as they are.
 */
export function oneSpelling(names: readonly string[]): (value: unknown) => unknown {
  const canonical = new Map(names.map((name) => [name.toLowerCase(), name]));
  const respell = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(respell);
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        canonical.get(name.toLowerCase()) ?? name,
        Array.isArray(item) ? item.map(respell) : item,
      ]),
    );
  };
  return respell;
}
