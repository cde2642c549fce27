/** Who is at the till: a name and a PIN. The first one is added by whoever has the passphrase. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SaveOrCancel, useAction, Wrong } from "../action.tsx";
import { AddCashier } from "../add-cashier.tsx";
import { Field, Segments } from "#ui/fields.tsx";
import { useAskOnce } from "../once.ts";
import { Brand, Dialog } from "#ui/parts.tsx";
import { LeavePractice } from "../practice.tsx";
import { ask, useTill } from "../till.ts";

export function SignIn() {
  const { t } = useTranslation();
  const { cashiers, till, practice } = useTill();
  return (
    <main className="narrow">
      <Brand name={t("app.name")} note={till?.merchantName} />
      {cashiers.length === 0 ? (
        <>
          <h1>{t("people.first")}</h1>
          <p>{t("people.firstHint")}</p>
          <AddCashier isFirst />
        </>
      ) : (
        <>
          <h1>{t("people.title")}</h1>
          {practice && <p>{t("practice.pin")}</p>}
          <Pin />
        </>
      )}
      <div className="row">
        {till?.passphrase === true && (
          <button type="button" onClick={() => void ask("lock", {})}>
            {t("people.lockTill")}
          </button>
        )}
        <LeavePractice />
      </div>
    </main>
  );
}

function Pin() {
  const { t } = useTranslation();
  const { cashiers } = useTill();
  const [chosen, setChosen] = useState(String(cashiers[0]?.id ?? 0));
  const [pin, setPin] = useState("");
  const [isForgotten, setForgotten] = useState(false);
  const { isBusy, wrong, run } = useAction();
  return (
    <>
      <form
        className="boxed"
        onSubmit={(event) => {
          event.preventDefault();
          void run(async () => {
            const result = await ask("sign-in", { cashier: Number(chosen), pin });
            setPin("");
            return result;
          });
        }}
      >
        <Segments
          label={t("people.cashier")}
          value={chosen}
          options={cashiers.map(({ id, name }) => ({ value: String(id), label: name }))}
          onChoose={setChosen}
        />
        <Field
          label={t("people.pin")}
          className="large"
          type="password"
          inputMode="numeric"
          required
          autoFocus
          autoComplete="current-password"
          value={pin}
          onChange={({ target }) => setPin(target.value)}
        />
        <Wrong text={wrong} />
        <button className="primary large wide" disabled={isBusy}>
          {isBusy ? t("common.working") : t("people.signIn")}
        </button>
        <button type="button" className="link" onClick={() => setForgotten(true)}>
          {t("people.forgotten")}
        </button>
      </form>
      {isForgotten && <Forgotten cashier={Number(chosen)} onClose={() => setForgotten(false)} />}
    </>
  );
}

type Permission = "passphrase" | "code";

/** Whoever has the passphrase of the till, or a one-time code of its operator, may set a new PIN. */
function Forgotten({ cashier, onClose }: { readonly cashier: number; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { till } = useTill();
  const hasPassphrase = till?.passphrase === true;
  const [by, setBy] = useState<Permission>(hasPassphrase ? "passphrase" : "code");
  const [secret, setSecret] = useState("");
  const [pin, setPin] = useState("");
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const reset = async () => {
    const permission =
      by === "passphrase" ? { passphrase: secret, code: null } : { passphrase: null, code: secret.trim() };
    const done = await askOnce("reset-pin", { cashier, newPin: pin, ...permission });
    if (done.ok) onClose();
    return done;
  };
  return (
    <Dialog title={t("people.forgotten")} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run(reset);
        }}
      >
        <p>{t("people.forgottenHint")}</p>
        {hasPassphrase && (
          <Segments
            label={t("people.forgottenBy")}
            value={by}
            options={[
              { value: "passphrase", label: t("unlock.passphrase") },
              { value: "code", label: t("people.operatorCode") },
            ]}
            onChoose={(chosen) => {
              setBy(chosen);
              setSecret("");
            }}
          />
        )}
        {by === "code" && (
          <>
            <p>{t("people.operatorCodeHint")}</p>
            <p>
              {t("settings.node")}: <bdi className="code">{till?.nodeId}</bdi>
            </p>
          </>
        )}
        <Field
          label={by === "code" ? t("people.operatorCode") : t("unlock.passphrase")}
          type={by === "code" ? "text" : "password"}
          required
          dir="ltr"
          maxLength={by === "code" ? 64 : 500}
          value={secret}
          onChange={({ target }) => setSecret(target.value)}
        />
        <Field
          label={t("people.newPin")}
          hint={t("people.pinHint")}
          type="password"
          inputMode="numeric"
          pattern="[0-9]{4,12}"
          required
          autoComplete="new-password"
          value={pin}
          onChange={({ target }) => setPin(target.value)}
        />
        <Wrong text={wrong} />
        <SaveOrCancel isBusy={isBusy} onClose={onClose} />
      </form>
    </Dialog>
  );
}
