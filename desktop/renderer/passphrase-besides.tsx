/** What opens this till besides its machine's key store: a passphrase, so that a lost store does not lose the till. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SaveOrCancel, useAction, Wrong } from "./action.tsx";
import { NewPassphrase } from "./new-passphrase.tsx";
import { Dialog } from "#ui/parts.tsx";
import { PinField } from "./pin-field.tsx";
import { ask, useTill } from "./till.ts";

/** Nothing where there is no such store or nothing to protect, and for nobody but a supervisor. */
export function PassphraseBesides() {
  const { t } = useTranslation();
  const { till, cashier, practice } = useTill();
  const [isChoosing, setChoosing] = useState(false);
  if (practice || till?.keyStore !== true || cashier?.role !== "supervisor") return null;
  return (
    <section className="boxed">
      <h2>{t("settings.passphraseTitle")}</h2>
      <p>{t(till.passphrase ? "settings.passphraseThere" : "settings.passphraseNone")}</p>
      <button type="button" onClick={() => setChoosing(true)}>
        {t(till.passphrase ? "settings.passphraseChange" : "settings.passphraseAdd")}
      </button>
      {isChoosing && <Choose onClose={() => setChoosing(false)} />}
    </section>
  );
}

function Choose({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [passphrase, setPassphrase] = useState({ first: "", again: "" });
  const [pin, setPin] = useState("");
  const { isBusy, wrong, run } = useAction();
  const add = async () => {
    const added = await ask("add-passphrase", { passphrase: passphrase.first, pin });
    if (added.ok) onClose();
    return added;
  };
  return (
    <Dialog title={t("settings.passphraseTitle")} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase.first === passphrase.again) void run(add);
        }}
      >
        <NewPassphrase value={passphrase} onValue={setPassphrase} />
        <PinField label={t("settings.passphrasePin")} pin={pin} onPin={setPin} />
        <Wrong text={wrong} />
        <SaveOrCancel isBusy={isBusy} onClose={onClose} />
      </form>
    </Dialog>
  );
}
