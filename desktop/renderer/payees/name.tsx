/** Which payee: the programme and the identity, kept while the agent goes from looking up to changing. */
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { PayeeName, PayeeProgramme } from "../../protocol.ts";
import { Field } from "#ui/fields.tsx";

interface NameFieldsProps {
  readonly name: PayeeName;
  readonly programmes: readonly PayeeProgramme[];
  readonly onName: (name: PayeeName) => void;
}

export function NameFields({ name, programmes, onName }: NameFieldsProps) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="row">
      <Field
        label={t("payees.programme")}
        list={id}
        required
        maxLength={20}
        dir="auto"
        value={name.programme}
        onChange={({ target }) => onName({ ...name, programme: target.value })}
      />
      <datalist id={id}>
        {programmes.map(({ programme }) => (
          <option key={programme} value={programme} />
        ))}
      </datalist>
      <Field
        label={t("payees.identity")}
        hint={t("payees.identityHint")}
        required
        maxLength={64}
        dir="ltr"
        value={name.identity}
        onChange={({ target }) => onName({ ...name, identity: target.value })}
      />
    </div>
  );
}
