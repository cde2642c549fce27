/** The first start: the language, the way in (a code, a link, its square code or its file), the passphrase; or practice. */
import { useEffect, useState } from "react";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { parseEnrolmentLink } from "#sync/enrolment-link.ts";
import { useAction, Wrong } from "../action.tsx";
import { Field, FileButton } from "#ui/fields.tsx";
import { Icon } from "#ui/icons.tsx";
import { Languages } from "../language-choice.tsx";
import { NewPassphrase } from "../new-passphrase.tsx";
import { useOpenedLink } from "../opened-link.ts";
import { Brand } from "#ui/parts.tsx";
import { Camera, readPicture } from "../scan.tsx";
import { ask, useTill } from "../till.ts";

/** A link is some hundred characters; nobody's film is read as text. */
const longestLinkFile = 4096;

export function FirstStart() {
  const { t } = useTranslation();
  const { practice } = useTill();
  return (
    <main className="narrow">
      <Brand name={t("app.name")} />
      <h1>{t("start.title")}</h1>
      <Languages />
      <p>{t("start.intro")}</p>
      <Enrol />
      {!practice && <TryIt />}
    </main>
  );
}

function Enrol() {
  const { t } = useTranslation();
  const { keyStore } = useTill();
  const [server, setServer] = useState("");
  const [code, setCode] = useState("");
  const [passphrase, setPassphrase] = useState({ first: "", again: "" });
  const [isFilming, setFilming] = useState(false);
  const [noted, setNoted] = useState<string>();
  const { isBusy, wrong, run } = useAction();
  /** True where it was a link, whose parts then stand in the fields for everybody to see. */
  const takeLink = (text: string): boolean => {
    const link = parseEnrolmentLink(text);
    if (!link.ok) return false;
    setServer(link.serverUrl);
    setCode(link.code);
    setNoted(undefined);
    return true;
  };
  const read = (text: string | undefined) => {
    setFilming(false);
    if (text === undefined || !takeLink(text)) setNoted(t("start.noLink"));
  };
  const opened = useOpenedLink();
  useEffect(() => {
    if (opened !== undefined) read(opened);
    // Only a newly opened link is read, not every time that the form is drawn.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [opened]);
  const readFile = async (file: File) => {
    const text = file.type.startsWith("image/") ? await readPicture(file) : undefined;
    read(text ?? (file.size <= longestLinkFile ? await file.text() : undefined));
  };
  const enrol = (event: FormEvent) => {
    event.preventDefault();
    setNoted(undefined);
    if (!keyStore && passphrase.first !== passphrase.again) return;
    const chosen = keyStore ? null : passphrase.first;
    void run(() => ask("enrol", { serverUrl: server.trim(), code: code.trim(), passphrase: chosen }));
  };
  return (
    <form className="boxed" onSubmit={enrol}>
      <div className="row">
        <button type="button" onClick={() => setFilming(true)}>
          <Icon name="camera" />
          {t("start.scan")}
        </button>
        <FileButton icon="picture" label={t("start.file")} onFile={(file) => void readFile(file)} />
      </div>
      <Wrong text={noted} />
      <Field
        label={t("start.code")}
        hint={t("start.codeHint")}
        required
        dir="ltr"
        value={code}
        onChange={({ target }) => {
          if (!takeLink(target.value)) setCode(target.value);
        }}
      />
      <Field
        label={t("start.server")}
        hint={t("start.serverHint")}
        inputMode="url"
        required
        dir="ltr"
        value={server}
        onChange={({ target }) => {
          if (!takeLink(target.value)) setServer(target.value);
        }}
      />
      {keyStore ? (
        <p className="hint">{t("start.keyStore")}</p>
      ) : (
        <NewPassphrase value={passphrase} onValue={setPassphrase} />
      )}
      <Wrong text={wrong} />
      <button className="primary large wide" disabled={isBusy}>
        {isBusy ? t("start.enrolling") : t("start.enrol")}
      </button>
      {isFilming && <Camera onRead={read} onClose={() => setFilming(false)} />}
    </form>
  );
}

function TryIt() {
  const { t } = useTranslation();
  const { isBusy, wrong, run } = useAction();
  return (
    <section className="boxed">
      <h2>{t("practice.title")}</h2>
      <p>{t("practice.intro")}</p>
      <button
        type="button"
        disabled={isBusy}
        onClick={() => void run(() => ask("practice", { on: true, fresh: false }))}
      >
        {isBusy ? t("common.working") : t("practice.begin")}
      </button>
      <Wrong text={wrong} />
    </section>
  );
}
