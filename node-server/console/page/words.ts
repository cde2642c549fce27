/** The languages that the console speaks. Each page brings its words in both; the compiler compares them. */
import i18next from "i18next";
import { useTranslation } from "react-i18next";
import { beginWords, firstKnown } from "#ui/begin.tsx";
import { common } from "./words/common.ts";
import { nodes } from "./words/nodes.ts";
import { operators } from "./words/operators.ts";
import { overview } from "./words/overview.ts";
import { disputes, operations } from "./words/operations.ts";
import { voucherBatches, vouchers } from "./words/vouchers.ts";
import { approvals, batches, beneficiaries, callbacks } from "./words/work.ts";
import { billers, matrix, merchants } from "./words/registry.ts";
import { alerts, audit, cases } from "./words/oversight.ts";
import { reports } from "./words/reports.ts";
import { signIn } from "./words/sign-in.ts";
import { refusal, term } from "./words/terms.ts";

const words = {
  common,
  signIn,
  overview,
  nodes,
  vouchers,
  voucherBatches,
  batches,
  approvals,
  operations,
  disputes,
  callbacks,
  beneficiaries,
  merchants,
  matrix,
  billers,
  cases,
  alerts,
  audit,
  reports,
  operators,
  term,
  refusal,
};

export const languages = ["en", "fr"] as const;
export type Language = (typeof languages)[number];
export const languageNames: Readonly<Record<Language, string>> = { en: "English", fr: "Français" };

type English = { readonly [Name in keyof typeof words]: (typeof words)[Name]["en"] };

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: English };
  }
}

export const catalogues = Object.fromEntries(
  languages.map((language) => [
    language,
    Object.fromEntries(Object.entries(words).map(([name, both]) => [name, both[language]])),
  ]),
) as Readonly<Record<Language, object>>;

const kept = "paypost-console-language";

export async function startWords(): Promise<void> {
  await beginWords(
    catalogues,
    firstKnown([localStorage.getItem(kept) ?? "", ...navigator.languages], languages),
  );
  document.documentElement.lang = i18next.language;
}

export function speak(language: Language): void {
  localStorage.setItem(kept, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

/** The words for a state, a role, a reason: for the code itself where there are none. */
export function useTerm(): (code: string) => string {
  const { t } = useTranslation();
  return (code) => (Object.hasOwn(term.en, code) ? t(`term.${code as keyof typeof term.en}`) : code);
}

export function useRefusal(): (code: string) => string {
  const { t } = useTranslation();
  return (code) =>
    Object.hasOwn(refusal.en, code) ? t(`refusal.${code as "malformed"}`) : t("refusal.other", { code });
}
