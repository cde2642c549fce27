/** The language and the colours, kept in this browser. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Choice } from "#ui/fields.tsx";
import { languageNames, languages, speak } from "./words.ts";
import type { Language } from "./words.ts";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];
const kept = "paypost-console-colours";

export function Settings() {
  const { t, i18n } = useTranslation();
  const [theme, setTheme] = useState<Theme>(
    () => themes.find((name) => name === localStorage.getItem(kept)) ?? "system",
  );
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(kept, theme);
  }, [theme]);
  return (
    <div className="row">
      <Choice
        label={t("common.language")}
        value={i18n.language as Language}
        options={languages.map((value) => ({ value, label: languageNames[value] }))}
        onChoose={speak}
      />
      <Choice
        label={t("common.colours")}
        value={theme}
        options={themes.map((value) => ({ value, label: t(`common.${value}`) }))}
        onChoose={setTheme}
      />
    </div>
  );
}
