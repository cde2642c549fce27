/** What the owner of the machine sets, who works here, and what this till is. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { AddCashier } from "../add-cashier.tsx";
import { paperWidths, themes } from "../../protocol.ts";
import type { Settings as TillSettings } from "../../protocol.ts";
import { LanguageChoice } from "../language-choice.tsx";
import { Choice, Facts, Field, useAction, Wrong } from "../parts.tsx";
import { ask, useTill } from "../till.ts";

export function Settings() {
  const { t } = useTranslation();
  const { settings, till, version, cashiers } = useTill();
  const change = (some: Partial<TillSettings>) => ask("settings", { ...settings, ...some });
  return (
    <>
      <h1>{t("settings.title")}</h1>
      <div className="row">
        <LanguageChoice />
        <Choice
          label={t("settings.theme")}
          value={settings.theme}
          options={themes.map((value) => ({ value, label: t(`settings.${value}`) }))}
          onChoose={(theme) => void change({ theme })}
        />
        <Choice
          label={t("settings.paper")}
          value={settings.paper}
          options={paperWidths.map((value) => ({ value, label: value === "A4" ? "A4" : `${value} mm` }))}
          onChoose={(paper) => void change({ paper })}
        />
      </div>
      <Numbers settings={settings} change={change} />
      <section className="boxed">
        <h2>{t("settings.addCashier")}</h2>
        <p>{cashiers.map(({ name }) => name).join(", ")}</p>
        <AddCashier />
      </section>
      <div className="row">
        <button type="button" onClick={() => void ask("sign-out", { endShift: true })}>
          {t("people.endShift")}
        </button>
        <button type="button" onClick={() => void ask("lock", {})}>
          {t("people.lockTill")}
        </button>
      </div>
      <section className="boxed">
        <h2>{t("settings.about")}</h2>
        <Facts
          rows={[
            [t("settings.version"), version],
            [t("settings.node"), till?.nodeId],
            [t("settings.merchant"), `${till?.merchantName} (${till?.merchantId})`],
            [t("settings.server"), till?.server],
          ]}
        />
      </section>
    </>
  );
}

interface NumbersProps {
  readonly settings: TillSettings;
  readonly change: (some: Partial<TillSettings>) => Promise<object>;
}

function Numbers({ settings, change }: NumbersProps) {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState(String(settings.lockAfterMinutes));
  const [kilobytes, setKilobytes] = useState(
    settings.bytesPerDay === null ? "" : String(settings.bytesPerDay / 1000),
  );
  const [onRequest, setOnRequest] = useState(settings.onRequest);
  const [isSaved, setSaved] = useState(false);
  const { isBusy, wrong, run } = useAction();
  const save = async () => {
    setSaved(false);
    const bytesPerDay = kilobytes === "" ? null : Number(kilobytes) * 1000;
    const done = await change({ lockAfterMinutes: Number(minutes), bytesPerDay, onRequest });
    setSaved(true);
    return done;
  };
  return (
    <form
      className="boxed"
      onSubmit={(event) => {
        event.preventDefault();
        void run(save);
      }}
    >
      <Field
        label={t("settings.lock")}
        type="number"
        min={1}
        max={120}
        required
        value={minutes}
        onChange={({ target }) => setMinutes(target.value)}
      />
      <Field
        label={t("settings.allowance")}
        type="number"
        min={50}
        value={kilobytes}
        onChange={({ target }) => setKilobytes(target.value)}
      />
      <label className="check">
        <input type="checkbox" checked={onRequest} onChange={({ target }) => setOnRequest(target.checked)} />
        {t("settings.onRequest")}
      </label>
      <button disabled={isBusy}>{t("common.save")}</button>
      <p role="status">{isSaved ? t("common.saved") : ""}</p>
      <Wrong text={wrong} />
    </form>
  );
}
