/** A drawer of cash in one currency: what should be in it, and why. */
import { useTranslation } from "react-i18next";
import type { Cash } from "../protocol.ts";
import { useFormats } from "#ui/format.ts";
import { Facts } from "#ui/parts.tsx";

export function CashFacts({ cash }: { readonly cash: Cash }) {
  const { t } = useTranslation();
  const { money } = useFormats();
  const { currency, counted, difference } = cash;
  const isSome = (amount: string) => Number(amount) !== 0;
  const of = (amount: string) => <bdi key={amount}>{money({ amount, currency })}</bdi>;
  return (
    <Facts
      rows={[
        [t("shift.opening"), of(cash.opening)],
        [t("shift.putIn"), of(cash.putIn)],
        [t("shift.takenOut"), of(cash.takenOut)],
        [t("shift.paidOut"), of(cash.paidOut)],
        ...(isSome(cash.forBills) ? [[t("bills.forBills"), of(cash.forBills)] as const] : []),
        ...(isSome(cash.givenBack) ? [[t("bills.drawerBack"), of(cash.givenBack)] as const] : []),
        [t("shift.expected"), <strong key="expected">{of(cash.expected)}</strong>],
        [t("shift.fees"), of(cash.fees)],
        ...(counted === null ? [] : [[t("shift.counted"), of(counted)] as const]),
        ...(difference === null
          ? []
          : [[t("shift.difference"), <strong key="difference">{of(difference)}</strong>] as const]),
      ]}
    />
  );
}
