/** Whether somebody is signed in, and what holds everywhere: title and colours. */
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, setCsrfToken, whenSignedOut } from "./api.ts";
import { Frame } from "./frame.tsx";
import { SessionContext } from "./session.ts";
import type { Me } from "./session.ts";
import { SignIn } from "./sign-in.tsx";

export function App() {
  const { t } = useTranslation();
  const [me, setMe] = useState<Me>();
  const [isAway, setAway] = useState(false);
  const load = useCallback(async () => {
    const told = await ask<Me>("me");
    setAway(!told.ok);
    if (!told.ok) return;
    if (told.answer.signedIn) setCsrfToken(told.answer.csrf);
    setMe(told.answer);
  }, []);
  useEffect(() => {
    whenSignedOut(() => void load());
    void load();
  }, [load]);
  useEffect(() => {
    document.title = t("common.name");
  }, [t]);
  if (!me) {
    return (
      <main className="narrow">
        <p role="status">{isAway ? t("common.away") : t("common.starting")}</p>
      </main>
    );
  }
  if (!me.signedIn) return <SignIn provider={me.provider} onSignedIn={() => void load()} />;
  return (
    <SessionContext value={me}>
      <Frame onSignedOut={() => void load()} />
    </SessionContext>
  );
}
