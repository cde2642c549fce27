/** Which screen belongs to the till's phase, and what holds for all of them: language, colours, title, practice. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { TillState } from "../protocol.ts";
import { Frame } from "./frame.tsx";
import { FirstStart } from "./screens/first-start.tsx";
import { SignIn } from "./screens/sign-in.tsx";
import { Unlock } from "./screens/unlock.tsx";
import { TillContext, useTillState } from "./till.ts";
import { speak, usualLanguage } from "./words.ts";

/** Problems of a page whose till is gone, or does not know the page any more. */
const noAnswers: ReadonlySet<string> = new Set(["unreachable", "no-answer", "not-let-in"]);

export function App() {
  const { t } = useTranslation();
  const { state, problem } = useTillState();
  const language = state?.settings.language ?? usualLanguage();
  const theme = state?.settings.theme ?? "system";
  useEffect(() => speak(language), [language]);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  const practice = state?.practice ? t("practice.title") : undefined;
  useEffect(() => {
    document.title = [practice, state?.till?.merchantName, t("app.name")].filter(Boolean).join(" · ");
  }, [practice, state?.till?.merchantName, t]);
  if (!state) {
    return (
      <main className="narrow">
        <p role="status">{problem === undefined ? t("app.starting") : t("app.noAnswer")}</p>
      </main>
    );
  }
  return (
    <TillContext value={state}>
      {problem !== undefined && noAnswers.has(problem) && (
        <p role="alert" className="banner bad">
          {t("app.noAnswer")}
        </p>
      )}
      {state.practice && (
        <p className="practice" role="note">
          {t("practice.banner")}
        </p>
      )}
      <Phase state={state} />
    </TillContext>
  );
}

/** The real till and the one for practice never share what is on the screen. */
function Phase({ state }: { readonly state: TillState }) {
  const key = String(state.practice);
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [key, state.phase]);
  switch (state.phase) {
    case "first-start":
      return <FirstStart key={key} />;
    case "locked":
      return <Unlock key={key} />;
    case "signed-out":
      return <SignIn key={key} />;
    case "open":
      return <Frame key={key} state={state} />;
  }
}
