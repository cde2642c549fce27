/**
 * JSON whose numbers lose nothing. A number with a fraction or an exponent is kept as its source text, and an
 * integer above 2^53 - 1 is refused (GovStack general rules; ECMA-262 `JSON.parse` source text access).
 */

/** The source text of a JSON number that is not a plain integer, such as `12.50`. */
export class DecimalText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Thrown by `parseJson` for an integer that a double cannot hold. */
export class UnsafeIntegerError extends Error {
  readonly source: string;
  constructor(source: string) {
    super(`the number ${source} is above 9007199254740991; send it as a string`);
    this.source = source;
  }
}

/** Thrown by `parseJson` for lists and objects in each other beyond the bound; what reads them goes as deep as they do. */
export class TooDeepError extends SyntaxError {
  constructor() {
    super(`lists and objects are nested deeper than ${mostLevels} levels`);
  }
}

const mostLevels = 64;

type SourceAwareParse = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

/**
 * Parses JSON. Throws SyntaxError for malformed text, TooDeepError among them, and UnsafeIntegerError for an integer too
 * large.
 */
export function parseJson(text: string): unknown {
  if (isDeeper(text, mostLevels)) throw new TooDeepError();
  return (JSON.parse as SourceAwareParse)(text, (_key, value, context) => {
    if (typeof value !== "number") return value;
    const source = context.source ?? String(value);
    if (!/^-?[0-9]+$/.test(source)) return new DecimalText(source);
    if (!Number.isSafeInteger(value)) throw new UnsafeIntegerError(source);
    return value;
  });
}

/** A value that `JSON.stringify` writes as the number `text`, digit by digit. `text` must be a JSON number. */
export function rawNumber(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

/** The first field whose characters no database takes: U+0000, or half of a surrogate pair. */
export function fieldOfNoText(value: unknown, path = ""): string | undefined {
  if (typeof value === "string") return value.includes("\0") || !value.isWellFormed() ? path : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, item] of Object.entries(value)) {
    const found = fieldOfNoText(item, path === "" ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Counts brackets outside of strings. Of malformed text it may say either. */
function isDeeper(text: string, most: number): boolean {
  let level = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "[" || character === "{") level += 1;
    else if (character === "]" || character === "}") level -= 1;
    else if (character === '"') at = endOfString(text, at);
    if (level > most) return true;
  }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
