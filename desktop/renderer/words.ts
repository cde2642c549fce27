/** The languages that the page speaks. Each is complete: the compiler compares it with English. */
import i18next from "i18next";
import { beginWords, firstKnown } from "#ui/begin.tsx";
import { languages } from "../protocol.ts";
import { ar } from "./words/ar.ts";
import { en } from "./words/en.ts";
import { es } from "./words/es.ts";
import { fr } from "./words/fr.ts";
import { pt } from "./words/pt.ts";
import { sw } from "./words/sw.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

export type Language = (typeof languages)[number];

/** Each language in its own words, so that whoever reads only that one finds it. */
export const languageNames: Readonly<Record<Language, string>> = {
  en: "English",
  fr: "Français",
  es: "Español",
  pt: "Português",
  sw: "Kiswahili",
  ar: "العربية",
};

export const catalogues = { en, fr, es, pt, sw, ar } as const;

export function startWords(): Promise<void> {
  return beginWords(catalogues, usualLanguage());
}

export function usualLanguage(): Language {
  return firstKnown(navigator.languages, languages);
}

/** Tells the document as well, for screen readers and for the direction of reading. */
export function speak(language: Language): void {
  if (i18next.language !== language) void i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}
