/** Where a new payee is: the area that this till serves, or one of those that the programme has, or another one. */
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { PayeeProgramme } from "../../protocol.ts";
import { Field } from "#ui/fields.tsx";

interface AreaFieldProps {
  /** Undefined for a programme that nobody has told this till of. */
  readonly served: PayeeProgramme | undefined;
  readonly area: string;
  readonly onArea: (area: string) => void;
}

export function AreaField({ served, area, onArea }: AreaFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  if (served && served.area !== null)
    return (
      <p>
        {t("payees.area")}: <bdi>{served.area}</bdi>
      </p>
    );
  return (
    <>
      <Field
        label={t("payees.area")}
        hint={t("payees.areaHint")}
        list={id}
        maxLength={50}
        dir="auto"
        value={area}
        onChange={({ target }) => onArea(target.value)}
      />
      <datalist id={id}>
        {served?.areas.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
    </>
  );
}
