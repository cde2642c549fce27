/** The language, chosen in its own words; it counts at once. */
import { useTranslation } from "react-i18next";
import { languages } from "../protocol.ts";
import type { Settings } from "../protocol.ts";
import { Choice } from "./parts.tsx";
import { ask, useTill } from "./till.ts";
import { languageNames } from "./words.ts";

export function LanguageChoice() {
  const { t } = useTranslation();
  const { settings } = useTill();
  const choose = (language: NonNullable<Settings["language"]> | "automatic") =>
    void ask("settings", { ...settings, language: language === "automatic" ? null : language });
  return (
    <Choice
      label={t("settings.language")}
      value={settings.language ?? "automatic"}
      options={[
        { value: "automatic" as const, label: t("settings.automatic") },
        ...languages.map((language) => ({ value: language, label: languageNames[language] })),
      ]}
      onChoose={choose}
    />
  );
}
