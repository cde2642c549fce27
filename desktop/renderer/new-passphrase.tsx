/** A passphrase that is chosen, typed twice. */
import { useTranslation } from "react-i18next";
import { Field } from "#ui/fields.tsx";

export interface TwicePassphrase {
  readonly first: string;
  readonly again: string;
}

interface NewPassphraseProps {
  readonly value: TwicePassphrase;
  readonly onValue: (value: TwicePassphrase) => void;
}

export function NewPassphrase({ value, onValue }: NewPassphraseProps) {
  const { t } = useTranslation();
  const { first, again } = value;
  return (
    <>
      <Field
        label={t("start.passphrase")}
        hint={t("start.passphraseHint")}
        type="password"
        required
        minLength={8}
        maxLength={500}
        autoComplete="new-password"
        value={first}
        onChange={({ target }) => onValue({ first: target.value, again })}
      />
      <Field
        label={t("start.passphraseAgain")}
        type="password"
        required
        autoComplete="new-password"
        wrong={again !== "" && again !== first ? t("start.different") : undefined}
        value={again}
        onChange={({ target }) => onValue({ first, again: target.value })}
      />
    </>
  );
}
