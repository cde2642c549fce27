/** The passphrase, after every start. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { LanguageChoice } from "../language-choice.tsx";
import { Field, useAction, Wrong } from "../parts.tsx";
import { ask, useTill } from "../till.ts";

export function Unlock() {
  const { t } = useTranslation();
  const { till } = useTill();
  const [passphrase, setPassphrase] = useState("");
  const { isBusy, wrong, run } = useAction();
  return (
    <main className="narrow">
      <h1>{t("unlock.title")}</h1>
      <p>{till?.merchantName}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => ask("unlock", { passphrase }));
        }}
      >
        <Field
          label={t("unlock.passphrase")}
          type="password"
          required
          autoFocus
          value={passphrase}
          onChange={({ target }) => setPassphrase(target.value)}
        />
        <button className="primary" disabled={isBusy}>
          {isBusy ? t("unlock.opening") : t("unlock.open")}
        </button>
        <Wrong text={wrong} />
      </form>
      <LanguageChoice />
    </main>
  );
}
