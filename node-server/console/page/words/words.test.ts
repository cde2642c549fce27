/** That French says all of what English says: the compiler sees missing keys, this what is in them. */
import { expect, test } from "vitest";
import { flatWords, placeholdersIn } from "../../../../test/support/words.ts";
import { catalogues } from "../words.ts";

const plural = /_(one|many|other)$/;
/** The same in both languages by chance. */
const same = new Set<string>([]);
const [english, french] = [flatWords(catalogues.en), flatWords(catalogues.fr)];

test("every text is there, and fills in what English fills in", () => {
  expect(english.size).toBeGreaterThan(100);
  for (const [key, text] of french) {
    const counterpart = english.get(key) ?? english.get(key.replace(plural, "_other"));
    expect(counterpart, key).toBeDefined();
    if (!key.endsWith("_one")) expect(placeholdersIn(text), key).toEqual(placeholdersIn(counterpart ?? ""));
  }
  const bases = (words: ReadonlyMap<string, string>) =>
    new Set([...words.keys()].map((key) => key.replace(plural, "")));
  expect(bases(french)).toEqual(bases(english));
});

test("French has its three forms of each plural", () => {
  for (const key of french.keys()) {
    if (!plural.test(key)) continue;
    for (const form of ["one", "many", "other"])
      expect(french.has(key.replace(plural, `_${form}`)), `${key} in the form ${form}`).toBe(true);
  }
});

test("nothing is empty, or English that was left over", () => {
  for (const [key, text] of french) expect(text.trim(), key).not.toBe("");
  const left = [...french].filter(([key, text]) => english.get(key) === text && !same.has(key));
  expect(left).toEqual([]);
});
