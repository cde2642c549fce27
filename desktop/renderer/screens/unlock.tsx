/** The passphrase after every start; or, where the machine keeps the key, one more try of its store. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction, Wrong } from "../action.tsx";
import { Field } from "#ui/fields.tsx";
import { LanguageChoice } from "../language-choice.tsx";
import { Brand } from "#ui/parts.tsx";
import { LeavePractice } from "../practice.tsx";
import { ask, useTill } from "../till.ts";

export function Unlock() {
  const { t } = useTranslation();
  const { till, keyStore } = useTill();
  const hasPassphrase = till?.passphrase === true;
  const [passphrase, setPassphrase] = useState("");
  const { isBusy, wrong, run } = useAction();
  return (
    <main className="narrow">
      <Brand name={t("app.name")} note={till?.merchantName} />
      <h1>{t("unlock.title")}</h1>
      <form
        className="boxed"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => ask("unlock", { passphrase: keyStore && passphrase === "" ? null : passphrase }));
        }}
      >
        {hasPassphrase ? (
          <Field
            label={t("unlock.passphrase")}
            hint={keyStore ? t("unlock.keyStore") : undefined}
            type="password"
            required={!keyStore}
            autoFocus
            autoComplete="current-password"
            value={passphrase}
            onChange={({ target }) => setPassphrase(target.value)}
          />
        ) : (
          <p>{t("unlock.keyStoreOnly")}</p>
        )}
        <Wrong text={wrong} />
        <button className="primary large wide" disabled={isBusy}>
          {isBusy ? t("unlock.opening") : t("unlock.open")}
        </button>
      </form>
      <LanguageChoice />
      <LeavePractice />
    </main>
  );
}
