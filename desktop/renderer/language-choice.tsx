/** The language, chosen in its own words; it counts at once. */
import { useTranslation } from "react-i18next";
import { languages } from "../protocol.ts";
import { Choice, Segments } from "#ui/fields.tsx";
import { ask, useTill } from "./till.ts";
import { languageNames } from "./words.ts";
import type { Language } from "./words.ts";

export function LanguageChoice() {
  const { t } = useTranslation();
  const { settings } = useTill();
  return (
    <Choice
      label={t("settings.language")}
      value={settings.language ?? "automatic"}
      options={[
        { value: "automatic" as const, label: t("settings.automatic") },
        ...languages.map((language) => ({ value: language, label: languageNames[language] })),
      ]}
      onChoose={(language) =>
        void ask("settings", { ...settings, language: language === "automatic" ? null : language })
      }
    />
  );
}

/** The same at the first start, with all of them in sight. */
export function Languages() {
  const { i18n, t } = useTranslation();
  const { settings } = useTill();
  const options = languages.map((language) => ({ value: language, label: languageNames[language] }));
  return (
    <Segments
      label={t("settings.language")}
      value={i18n.language as Language}
      options={options}
      onChoose={(language) => void ask("settings", { ...settings, language })}
    />
  );
}
