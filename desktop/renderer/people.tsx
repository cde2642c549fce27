/** Who works at this till: added, removed and given new PINs by a supervisor; one's own PIN by oneself. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Cashier } from "../protocol.ts";
import { useAction, Wrong } from "./action.tsx";
import { AddCashier } from "./add-cashier.tsx";
import { useAskOnce } from "./once.ts";
import { Dialog } from "#ui/parts.tsx";
import { PinField } from "./pin-field.tsx";
import { useTill } from "./till.ts";

type Doing = { readonly what: "remove" | "reset" | "change"; readonly cashier: Cashier };

export function People() {
  const { t } = useTranslation();
  const { cashiers, cashier: self } = useTill();
  const [doing, setDoing] = useState<Doing>();
  const isSupervisor = self?.role === "supervisor";
  return (
    <section className="boxed">
      <h2>{t("people.list")}</h2>
      <ul className="list">
        {cashiers.map((cashier) => (
          <li key={cashier.id}>
            <span className="stack">
              <bdi>{cashier.name}</bdi>
              <span className="soft">{t(`people.${cashier.role}`)}</span>
            </span>
            <span className="row end">
              {cashier.id === self?.id ? (
                <button type="button" onClick={() => setDoing({ what: "change", cashier })}>
                  {t("people.changePin")}
                </button>
              ) : (
                isSupervisor && (
                  <>
                    <button type="button" onClick={() => setDoing({ what: "reset", cashier })}>
                      {t("people.newPin")}
                    </button>
                    <button
                      type="button"
                      className="danger"
                      onClick={() => setDoing({ what: "remove", cashier })}
                    >
                      {t("people.remove")}
                    </button>
                  </>
                )
              )}
            </span>
          </li>
        ))}
      </ul>
      {isSupervisor && (
        <>
          <h3>{t("people.addTitle")}</h3>
          <AddCashier />
        </>
      )}
      {doing && <Change {...doing} onClose={() => setDoing(undefined)} />}
    </section>
  );
}

function Change({ what, cashier, onClose }: Doing & { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [oldPin, setOldPin] = useState("");
  const [newPin, setNewPin] = useState("");
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const { id, name } = cashier;
  const requests = {
    remove: () => askOnce("remove-cashier", { cashier: id }),
    reset: () => askOnce("reset-pin", { cashier: id, newPin, passphrase: null, code: null }),
    change: () => askOnce("change-pin", { cashier: id, oldPin, newPin }),
  };
  const carryOut = async () => {
    const done = await requests[what]();
    if (done.ok) onClose();
    return done;
  };
  const titles = { remove: t("people.remove"), reset: t("people.newPin"), change: t("people.changePin") };
  return (
    <Dialog title={`${titles[what]}: ${name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run(carryOut);
        }}
      >
        {what === "remove" && <p>{t("people.removeHint")}</p>}
        {what === "change" && <PinField label={t("people.oldPin")} pin={oldPin} onPin={setOldPin} />}
        {what !== "remove" && <PinField label={t("people.newPin")} pin={newPin} onPin={setNewPin} />}
        <Wrong text={wrong} />
        <div className="row">
          <button className={what === "remove" ? "danger" : "primary"} disabled={isBusy}>
            {what === "remove" ? t("people.remove") : t("common.save")}
          </button>
          <button type="button" onClick={onClose}>
            {t("common.cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
