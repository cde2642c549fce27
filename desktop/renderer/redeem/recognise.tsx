/**
 * Whether whoever brings the voucher is its beneficiary: by what is printed on it, by a photo, or by asking a registry. Only
 * the method and its outcome are recorded; what was shown or typed for it is not kept.
 */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { authenticationMethods, authenticationResults } from "../../protocol.ts";
import type { Authentication } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { Field, Segments } from "#ui/fields.tsx";
import { ask } from "../till.ts";

type Method = Authentication["method"] | "none";

interface RecogniseProps {
  readonly serial: string;
  readonly value: Authentication | null;
  readonly onValue: (value: Authentication | null) => void;
}

export function Recognise({ serial, value, onValue }: RecogniseProps) {
  const { t } = useTranslation();
  const [method, setMethod] = useState<Method>("none");
  const choose = (chosen: Method) => {
    setMethod(chosen);
    onValue(null);
  };
  return (
    <div className="boxed">
      <Segments
        label={t("recognise.how")}
        value={method}
        options={(["none", ...authenticationMethods] as const).map((one) => ({
          value: one,
          label: t(`recognise.${one}`),
        }))}
        onChoose={choose}
      />
      {(method === "printed-data" || method === "photo") && (
        <Segments
          label={t(`recognise.${method}-question`)}
          value={value?.result}
          options={authenticationResults.map((result) => ({
            value: result,
            label: t(`recognise.${result}`),
          }))}
          onChoose={(result) => onValue({ method, result })}
        />
      )}
      {method === "registry" && (
        <Registry serial={serial} onResult={(result) => onValue({ method, result })} />
      )}
      {value && (
        <p role="status" className={value.result === "confirmed" ? "hint good" : "banner warn"}>
          {t(value.result === "confirmed" ? "recognise.recorded" : "recognise.doubt")}
        </p>
      )}
    </div>
  );
}

interface RegistryProps {
  readonly serial: string;
  readonly onResult: (result: Authentication["result"]) => void;
}

function Registry({ serial, onResult }: RegistryProps) {
  const { t } = useTranslation();
  const [identity, setIdentity] = useState("");
  const [secret, setSecret] = useState("");
  const { isBusy, wrong, run } = useAction();
  const enquire = () =>
    run(async () => {
      const answer = await ask("authenticate", { serial, identity, secret: secret === "" ? null : secret });
      setSecret("");
      if (answer.ok) onResult(answer.result);
      return answer;
    });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void enquire();
      }}
    >
      <div className="row">
        <Field
          label={t("recognise.identity")}
          required
          maxLength={100}
          value={identity}
          onChange={({ target }) => setIdentity(target.value)}
        />
        <Field
          label={t("recognise.secret")}
          type="password"
          maxLength={100}
          value={secret}
          onChange={({ target }) => setSecret(target.value)}
        />
      </div>
      <button disabled={isBusy}>{isBusy ? t("recognise.asking") : t("recognise.ask")}</button>
      <p className="hint">{t("recognise.notKept")}</p>
      <Wrong text={wrong} />
    </form>
  );
}
