/** What the owner of the machine sets, who works here, and what this till is. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { paperWidths, themes } from "../../protocol.ts";
import type { Settings as TillSettings } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { Choice, Field, Segments } from "#ui/fields.tsx";
import { PassphraseBesides } from "../passphrase-besides.tsx";
import { LanguageChoice } from "../language-choice.tsx";
import { Brand, Facts } from "#ui/parts.tsx";
import { People } from "../people.tsx";
import { LeavePractice } from "../practice.tsx";
import { ask, useTill } from "../till.ts";

export function Settings() {
  const { t } = useTranslation();
  const { settings, practice, till } = useTill();
  const { wrong, run } = useAction();
  const change = (some: Partial<TillSettings>) => ask("settings", { ...settings, ...some });
  return (
    <>
      <h1>{t("settings.title")}</h1>
      <section className="boxed">
        <LanguageChoice />
        <Segments
          label={t("settings.theme")}
          value={settings.theme}
          options={themes.map((value) => ({ value, label: t(`settings.${value}`) }))}
          onChoose={(theme) => void run(() => change({ theme }))}
        />
        <Choice
          label={t("settings.paper")}
          value={settings.paper}
          options={paperWidths.map((value) => ({ value, label: value === "A4" ? "A4" : `${value} mm` }))}
          onChoose={(paper) => void run(() => change({ paper }))}
        />
        <Wrong text={wrong} />
      </section>
      <Numbers settings={settings} change={change} />
      <People />
      <PassphraseBesides />
      <section className="boxed">
        <h2>{t("practice.title")}</h2>
        {practice ? <LeavePractice /> : <BeginPractice />}
      </section>
      {till?.passphrase === true && (
        <div className="row">
          <button type="button" onClick={() => void run(() => ask("lock", {}))}>
            {t("people.lockTill")}
          </button>
        </div>
      )}
      <About />
    </>
  );
}

function BeginPractice() {
  const { t } = useTranslation();
  const { isBusy, wrong, run } = useAction();
  return (
    <>
      <p>{t("practice.intro")}</p>
      <button
        type="button"
        disabled={isBusy}
        onClick={() => void run(() => ask("practice", { on: true, fresh: false }))}
      >
        {t("practice.begin")}
      </button>
      <Wrong text={wrong} />
    </>
  );
}

function About() {
  const { t } = useTranslation();
  const { till, version } = useTill();
  return (
    <section className="boxed">
      <h2>{t("settings.about")}</h2>
      <Brand name={t("app.name")} note={t("settings.what")} />
      <Facts
        rows={[
          [t("settings.version"), version],
          [
            t("settings.node"),
            <bdi key="node" className="code">
              {till?.nodeId}
            </bdi>,
          ],
          [t("settings.merchant"), `${till?.merchantName} (${till?.merchantId})`],
          [t("settings.server"), <bdi key="server">{till?.server}</bdi>],
        ]}
      />
    </section>
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
    setSaved(!("ok" in done && done.ok === false));
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
      <p role="status" className="hint good">
        {isSaved ? t("common.saved") : ""}
      </p>
      <Wrong text={wrong} />
    </form>
  );
}
