/** That every language says all of what English says: the compiler sees missing keys, this what is in them. */
import { describe, expect, test } from "vitest";
import { flatWords, placeholdersIn } from "../../../test/support/words.ts";
import { ar } from "./ar.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";
import { pt } from "./pt.ts";
import { sw } from "./sw.ts";

const catalogues = { en, fr, es, pt, sw, ar };
const english = flatWords(en);
const plural = /_(zero|one|two|few|many|other)$/;
/** The same in every language, or by chance in one of them. */
const sameEverywhere = new Set(["app.name", "shift.span"]);
const sameByChance: Readonly<Record<string, readonly string[]>> = {
  fr: ["recognise.photo", "redeem.programme"],
  es: ["people.pin", "redeem.no"],
  pt: ["people.pin"],
  sw: ["people.pin"],
};

describe.each(Object.entries(catalogues))("the words in %s", (language, catalogue) => {
  const words = flatWords(catalogue);
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;

  test("fill in what English fills in", () => {
    for (const [key, text] of words) {
      const counterpart = english.get(key) ?? english.get(key.replace(plural, "_other"));
      expect(counterpart, key).toBeDefined();
      const wanted = placeholdersIn(counterpart ?? "");
      // "Two vouchers" and "no voucher" may do without the number.
      const given = placeholdersIn(text);
      if (/_(zero|one|two)$/.test(key)) expect(wanted, key).toEqual(expect.arrayContaining(given));
      else expect(given, key).toEqual(wanted);
    }
  });

  test("have every form of plurals that the language has, and none that it has not", () => {
    const bases = new Set(
      [...words.keys()].filter((key) => plural.test(key)).map((key) => key.replace(plural, "")),
    );
    expect(bases.size).toBeGreaterThan(5);
    for (const base of bases) {
      const given = [...words.keys()].filter((key) => key.replace(plural, "") === base && plural.test(key));
      expect(given.map((key) => key.slice(base.length + 1)).toSorted(), base).toEqual([...forms].toSorted());
    }
  });

  test("are neither empty nor English that was left over", () => {
    const same = [...words].filter(
      ([key, text]) =>
        language !== "en" &&
        text === english.get(key) &&
        !sameEverywhere.has(key) &&
        !sameByChance[language]?.includes(key),
    );
    expect(same).toEqual([]);
    for (const [key, text] of words) expect(text.trim(), key).not.toBe("");
  });
});

test("Arabic is written in Arabic", () => {
  const latin = [...flatWords(ar)].filter(
    ([key, text]) => key !== "app.name" && !/[\u0600-\u06ff]/.test(text),
  );
  expect(latin.map(([key]) => key)).toEqual(["shift.span"]);
});
