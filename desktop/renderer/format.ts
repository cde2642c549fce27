/** Numbers, money and moments, in the language of the page. */
import { useTranslation } from "react-i18next";
import { formatMoney } from "../money-text.ts";
import type { Amount } from "../protocol.ts";

export interface Formats {
  readonly money: (amount: Amount) => string;
  readonly number: (value: number) => string;
  readonly moment: (ms: number) => string;
  readonly bytes: (count: number) => string;
}

export function useFormats(): Formats {
  const { i18n } = useTranslation();
  const locale = i18n.language;
  return {
    money: ({ amount, currency }) => formatMoney(locale, amount, currency),
    number: (value) => new Intl.NumberFormat(locale).format(value),
    moment: (ms) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(ms),
    bytes: (count) =>
      new Intl.NumberFormat(locale, { style: "unit", unit: "kilobyte", maximumFractionDigits: 1 }).format(
        count / 1000,
      ),
  };
}
