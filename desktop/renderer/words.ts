/** The languages that the page speaks. Each is complete: the compiler compares it with English. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
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

export async function startWords(): Promise<void> {
  const resources = Object.fromEntries(
    languages.map((language) => [language, { translation: catalogues[language] }]),
  );
  await i18next.use(initReactI18next).init({
    resources,
    lng: usualLanguage(),
    fallbackLng: "en",
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

export function usualLanguage(): Language {
  const known = navigator.languages.map((language) => language.slice(0, 2));
  return known.flatMap((name) => languages.find((language) => language === name) ?? [])[0] ?? "en";
}

/** Tells the document as well, for screen readers and for the direction of reading. */
export function speak(language: Language): void {
  if (i18next.language !== language) void i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}
