/** A name and a PIN for somebody who will work at this till. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field, useAction, Wrong } from "./parts.tsx";
import { ask } from "./till.ts";

export function AddCashier({ signIn = false }: { readonly signIn?: boolean }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [pin, setPin] = useState("");
  const { isBusy, wrong, run } = useAction();
  const add = async () => {
    const added = await ask("add-cashier", { name, pin });
    if (!added.ok) return added;
    setName("");
    setPin("");
    if (!signIn) return added;
    const { cashiers } = await ask("state", {});
    const id = cashiers.find((cashier) => cashier.name === name.trim())?.id;
    return id === undefined ? added : ask("sign-in", { cashier: id, pin });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void run(add);
      }}
    >
      <Field
        label={t("people.name")}
        required
        maxLength={60}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      <Field
        label={t("people.pin")}
        hint={t("people.pinHint")}
        type="password"
        inputMode="numeric"
        pattern="[0-9]{4,12}"
        required
        value={pin}
        onChange={({ target }) => setPin(target.value)}
      />
      <button className="primary" disabled={isBusy}>
        {t("people.add")}
      </button>
      <Wrong text={wrong} />
    </form>
  );
}
