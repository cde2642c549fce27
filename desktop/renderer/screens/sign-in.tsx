/** Who is at the till: a name and a PIN. The first cashier is added by whoever has the passphrase. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { AddCashier } from "../add-cashier.tsx";
import { Choice, Field, useAction, Wrong } from "../parts.tsx";
import { ask, useTill } from "../till.ts";

export function SignIn() {
  const { t } = useTranslation();
  const { cashiers, till } = useTill();
  return (
    <main className="narrow">
      {cashiers.length === 0 ? (
        <>
          <h1>{t("people.first")}</h1>
          <p>{t("people.firstHint")}</p>
          <AddCashier signIn />
        </>
      ) : (
        <>
          <h1>{t("people.title")}</h1>
          <p>{till?.merchantName}</p>
          <Pin />
        </>
      )}
      <button type="button" onClick={() => void ask("lock", {})}>
        {t("people.lockTill")}
      </button>
    </main>
  );
}

function Pin() {
  const { t } = useTranslation();
  const { cashiers } = useTill();
  const [chosen, setChosen] = useState(String(cashiers[0]?.id ?? 0));
  const [pin, setPin] = useState("");
  const { isBusy, wrong, run } = useAction();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          const result = await ask("sign-in", { cashier: Number(chosen), pin });
          setPin("");
          return result;
        });
      }}
    >
      <Choice
        label={t("people.cashier")}
        value={chosen}
        options={cashiers.map(({ id, name }) => ({ value: String(id), label: name }))}
        onChoose={setChosen}
      />
      <Field
        label={t("people.pin")}
        type="password"
        inputMode="numeric"
        required
        autoFocus
        value={pin}
        onChange={({ target }) => setPin(target.value)}
      />
      <button className="primary" disabled={isBusy}>
        {t("people.signIn")}
      </button>
      <Wrong text={wrong} />
    </form>
  );
}
