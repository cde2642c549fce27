/** Catalogues of words as their tests look at them. */
export type FlatWords = ReadonlyMap<string, string>;

/** Each text by its whole key, such as `common.save`. */
export function flatWords(words: object, prefix = ""): FlatWords {
  const entries = Object.entries(words) as [string, string | object][];
  return new Map(
    entries.flatMap(([name, value]) =>
      typeof value === "string"
        ? [[prefix + name, value] as const]
        : [...flatWords(value, `${prefix}${name}.`)],
    ),
  );
}

export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(/\{\{(.*?)\}\}/g)].map(([, inside = ""]) => inside.trim()).toSorted();
}
