/** The frame: which screen belongs to the till's phase, and what is always to be seen. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TillState } from "../protocol.ts";
import { ContactLine } from "./contact-line.tsx";
import { useIdleLock } from "./idle-lock.ts";
import { FirstStart } from "./screens/first-start.tsx";
import { History } from "./screens/history.tsx";
import { Redeem } from "./screens/redeem.tsx";
import { Settings } from "./screens/settings.tsx";
import { SignIn } from "./screens/sign-in.tsx";
import { Sync } from "./screens/sync.tsx";
import { Totals } from "./screens/totals.tsx";
import { Unlock } from "./screens/unlock.tsx";
import { Vouchers } from "./screens/vouchers.tsx";
import { TillContext, useTillState } from "./till.ts";
import { speak, usualLanguage } from "./words.ts";

const sections = {
  redeem: Redeem,
  history: History,
  totals: Totals,
  vouchers: Vouchers,
  sync: Sync,
  settings: Settings,
} as const;

type Section = keyof typeof sections;

export function App() {
  const { t } = useTranslation();
  const { state, problem } = useTillState();
  const language = state?.settings.language ?? usualLanguage();
  const theme = state?.settings.theme ?? "system";
  useEffect(() => speak(language), [language]);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  useEffect(() => {
    document.title = [state?.till?.merchantName, t("app.name")].filter(Boolean).join(" · ");
  }, [state?.till?.merchantName, t]);
  if (!state) {
    return (
      <main className="narrow">
        <p role="status">{problem === undefined ? t("app.starting") : t("app.noAnswer")}</p>
      </main>
    );
  }
  return (
    <TillContext value={state}>
      {problem === "unreachable" && (
        <p role="alert" className="banner bad">
          {t("app.noAnswer")}
        </p>
      )}
      <Phase state={state} />
    </TillContext>
  );
}

function Phase({ state }: { readonly state: TillState }) {
  switch (state.phase) {
    case "first-start":
      return <FirstStart />;
    case "locked":
      return <Unlock />;
    case "signed-out":
      return <SignIn />;
    case "open":
      return <Open state={state} />;
  }
}

function Open({ state }: { readonly state: TillState }) {
  const { t } = useTranslation();
  const [section, setSection] = useState<Section>("redeem");
  useIdleLock(state.settings.lockAfterMinutes);
  const Screen = sections[section];
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <header>
        <ContactLine state={state} onOpen={() => setSection("sync")} />
        <nav aria-label={t("app.sections")}>
          {(Object.keys(sections) as Section[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-current={name === section ? "page" : undefined}
              onClick={() => setSection(name)}
            >
              {t(`nav.${name}`)}
            </button>
          ))}
        </nav>
      </header>
      <main id="content" tabIndex={-1}>
        <Screen key={section} />
      </main>
    </div>
  );
}
