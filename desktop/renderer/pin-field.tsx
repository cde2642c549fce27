/** A PIN that is typed unseen. */
import { useTranslation } from "react-i18next";
import { Field } from "#ui/fields.tsx";

interface PinFieldProps {
  readonly label: string;
  readonly pin: string;
  readonly onPin: (pin: string) => void;
}

export function PinField({ label, pin, onPin }: PinFieldProps) {
  const { t } = useTranslation();
  return (
    <Field
      label={label}
      hint={t("people.pinHint")}
      type="password"
      inputMode="numeric"
      pattern="[0-9]{4,12}"
      required
      value={pin}
      onChange={({ target }) => onPin(target.value)}
    />
  );
}
