/** Enrolment: the language, the server, the code, the passphrase. */
import { useEffect, useState } from "react";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Field, useAction, Wrong } from "../parts.tsx";
import { LanguageChoice } from "../language-choice.tsx";
import { useOpenedLink } from "../opened-link.ts";
import { ask } from "../till.ts";

export function FirstStart() {
  const { t } = useTranslation();
  const [serverUrl, setServerUrl] = useState("");
  const [code, setCode] = useState("");
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const { isBusy, wrong, run } = useAction();
  const opened = useOpenedLink();
  useEffect(() => {
    if (!opened?.ok) return;
    setServerUrl(opened.serverUrl);
    setCode(opened.code);
  }, [opened]);
  const isDifferent = again !== "" && again !== passphrase;
  const enrol = (event: FormEvent) => {
    event.preventDefault();
    if (!isDifferent) void run(() => ask("enrol", { serverUrl, code, passphrase }));
  };
  return (
    <main className="narrow">
      <h1>{t("start.title")}</h1>
      <p>{t("start.intro")}</p>
      <LanguageChoice />
      <form onSubmit={enrol}>
        <Field
          label={t("start.server")}
          hint={t("start.serverHint")}
          inputMode="url"
          required
          value={serverUrl}
          onChange={({ target }) => setServerUrl(target.value)}
        />
        <Field
          label={t("start.code")}
          hint={t("start.codeHint")}
          required
          value={code}
          onChange={({ target }) => setCode(target.value)}
        />
        <Field
          label={t("start.passphrase")}
          hint={t("start.passphraseHint")}
          type="password"
          required
          minLength={8}
          value={passphrase}
          onChange={({ target }) => setPassphrase(target.value)}
        />
        <Field
          label={t("start.passphraseAgain")}
          type="password"
          required
          wrong={isDifferent ? t("start.different") : undefined}
          value={again}
          onChange={({ target }) => setAgain(target.value)}
        />
        <button className="primary" disabled={isBusy}>
          {isBusy ? t("start.enrolling") : t("start.enrol")}
        </button>
        <Wrong text={wrong} />
      </form>
    </main>
  );
}
