/** JSON in its one canonical form (RFC 8785): what is signed does not depend on how somebody's library writes it. */

/** Of a value as `JSON.parse` gives it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    // By UTF-16 code units, as RFC 8785 wants it, and not by any language's order.
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(",")}}`;
}
