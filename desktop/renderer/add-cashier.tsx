/** A name, a PIN and a role for somebody who will work at this till. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { roles } from "../protocol.ts";
import type { Role } from "../protocol.ts";
import { useAction, Wrong } from "./action.tsx";
import { Field, Segments } from "#ui/fields.tsx";
import { useAskOnce } from "./once.ts";
import { ask } from "./till.ts";

/** The first one is a supervisor, and signed in at once. */
export function AddCashier({ isFirst = false }: { readonly isFirst?: boolean }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [pin, setPin] = useState("");
  const [role, setRole] = useState<Role>("cashier");
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const add = async () => {
    const added = await askOnce("add-cashier", { name, pin, role: isFirst ? "supervisor" : role });
    if (!added.ok) return added;
    setName("");
    setPin("");
    if (!isFirst) return added;
    const { cashiers } = await ask("state", {});
    const id = cashiers.find((cashier) => cashier.name === name.trim())?.id;
    return id === undefined ? added : ask("sign-in", { cashier: id, pin });
  };
  return (
    <form
      className={isFirst ? "boxed" : undefined}
      onSubmit={(event) => {
        event.preventDefault();
        void run(add);
      }}
    >
      <div className="row">
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
          autoComplete="new-password"
          value={pin}
          onChange={({ target }) => setPin(target.value)}
        />
      </div>
      {!isFirst && (
        <Segments
          label={t("people.role")}
          value={role}
          options={roles.map((value) => ({ value, label: t(`people.${value}`) }))}
          onChoose={setRole}
        />
      )}
      <Wrong text={wrong} />
      <button className={isFirst ? "primary large wide" : ""} disabled={isBusy}>
        {isBusy ? t("common.working") : t("people.add")}
      </button>
    </form>
  );
}
