/** How both pages begin: the words first, then what is shown in the page's place. */
import { StrictMode } from "react";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";

/** `catalogues` holds the words of each language; what one lacks is said in English. */
export async function beginWords(
  catalogues: Readonly<Record<string, object>>,
  language: string,
): Promise<void> {
  const resources = Object.fromEntries(
    Object.entries(catalogues).map(([name, translation]) => [name, { translation }]),
  );
  await i18next.use(initReactI18next).init({
    resources,
    lng: language,
    fallbackLng: "en",
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

/** The first of the names, such as `fr-CA`, whose language is one of those; English where none is. */
export function firstKnown<Language extends string>(
  names: readonly string[],
  languages: readonly Language[],
): Language | "en" {
  const known = names.map((name) => name.slice(0, 2));
  return known.flatMap((name) => languages.find((language) => language === name) ?? [])[0] ?? "en";
}

export function showPage(page: ReactNode): void {
  const place = document.querySelector("#page");
  if (!place) throw new Error("the page has no place for its screens");
  createRoot(place).render(<StrictMode>{page}</StrictMode>);
}
