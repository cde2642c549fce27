/** Registering and updating a payee: checked by the till at once, queued, and answered by the server. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { payeeModalities } from "../../protocol.ts";
import type { PayeeChange, PayeeModality, PayeeName, PayeeProgramme } from "../../protocol.ts";
import { useAction, Wrong } from "../action.tsx";
import { Choice, Field } from "#ui/fields.tsx";
import { useAskOnce } from "../once.ts";
import { trimmed } from "./look-up.tsx";
import { AreaField } from "./area.tsx";
import { NameFields } from "./name.tsx";
import { usePayeeWords } from "./words.ts";

interface ChangeProps {
  readonly what: PayeeChange["what"];
  readonly name: PayeeName;
  readonly programmes: readonly PayeeProgramme[];
  readonly onName: (name: PayeeName) => void;
}

type Standing = "keep" | "stop" | "resume";

export function Change({ what, name, programmes, onName }: ChangeProps) {
  const { t } = useTranslation();
  const words = usePayeeWords();
  const isNew = what === "register";
  const [modality, setModality] = useState<PayeeModality | "keep">(isNew ? "00" : "keep");
  const [address, setAddress] = useState("");
  const [institution, setInstitution] = useState("");
  const [area, setArea] = useState("");
  const [standing, setStanding] = useState<Standing>("keep");
  const [said, setSaid] = useState<string>();
  const [refused, setRefused] = useState<string>();
  const { isBusy, wrong, run } = useAction();
  const askOnce = useAskOnce();
  const served = programmes.find(({ programme }) => programme === name.programme.trim());
  const change = async () => {
    setSaid(undefined);
    const isAddress = modality !== "keep";
    const answer = await askOnce("change-payee", {
      what,
      ...trimmed(name),
      modality: isAddress ? modality : null,
      address: isAddress ? orNull(address) : null,
      institutionCode: isAddress ? orNull(institution) : null,
      area: isNew && (served?.area ?? null) === null ? orNull(area) : null,
      active: standing === "keep" ? null : standing === "resume",
    });
    setRefused(answer.ok ? undefined : words.refusal(answer));
    if (!answer.ok) return {};
    setSaid(t("payees.queued"));
    setAddress("");
    setInstitution("");
    setStanding("keep");
    onName({ ...name, identity: "" });
    return {};
  };
  return (
    <form
      className="boxed"
      onSubmit={(event) => {
        event.preventDefault();
        void run(change);
      }}
    >
      <NameFields name={name} programmes={programmes} onName={onName} />
      {isNew && <AreaField served={served} area={area} onArea={setArea} />}
      <Choice
        label={t("payees.modality")}
        value={modality}
        options={[
          ...(isNew ? [] : [{ value: "keep" as const, label: t("payees.keep") }]),
          ...payeeModalities.map((value) => ({ value, label: t(`payees.modalities.${value}`) })),
        ]}
        onChoose={setModality}
      />
      {modality !== "keep" && (
        <div className="row">
          <Field
            label={t("payees.address")}
            hint={t(`payees.addressHint.${modality}`)}
            wrong={refused}
            maxLength={64}
            dir="ltr"
            value={address}
            onChange={({ target }) => setAddress(target.value)}
          />
          <Field
            label={t("payees.institution")}
            hint={t("payees.institutionHint")}
            maxLength={11}
            dir="ltr"
            value={institution}
            onChange={({ target }) => setInstitution(target.value)}
          />
        </div>
      )}
      {!isNew && (
        <Choice
          label={t("payees.standing")}
          value={standing}
          options={[
            { value: "keep", label: t("payees.keep") },
            { value: "stop", label: t("payees.stop") },
            { value: "resume", label: t("payees.resume") },
          ]}
          onChoose={setStanding}
        />
      )}
      <button className="primary" disabled={isBusy}>
        {isBusy ? t("common.working") : t(isNew ? "payees.saveNew" : "payees.saveChange")}
      </button>
      <p role="status">{said}</p>
      <Wrong text={wrong ?? (modality === "keep" ? refused : undefined)} />
    </form>
  );
}

function orNull(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}
