/** Numbers, money and moments, in the language of the page. */
import { useTranslation } from "react-i18next";
import { formatMoney } from "#core/money-text.ts";

export interface Formats {
  /** From the decimal text of its major units. */
  readonly money: (amount: { readonly amount: string; readonly currency: string }) => string;
  readonly number: (value: number) => string;
  readonly moment: (ms: number) => string;
  /** Of today; else with its day. */
  readonly time: (ms: number) => string;
  /** With its seconds where it is only a moment away. */
  readonly deadline: (ms: number) => string;
  readonly bytes: (count: number) => string;
  readonly list: (parts: readonly string[]) => string;
}

/** Up to ten minutes away. */
const secondsCountMs = 600_000;

export function useFormats(): Formats {
  const { i18n } = useTranslation();
  const locale = i18n.language;
  const moment = (ms: number) =>
    new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(ms);
  return {
    moment,
    money: ({ amount, currency }) => formatMoney(locale, amount, currency),
    number: (value) => new Intl.NumberFormat(locale).format(value),
    time: (ms) =>
      new Date(ms).toDateString() === new Date().toDateString()
        ? new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(ms)
        : moment(ms),
    deadline: (ms) =>
      Math.abs(ms - Date.now()) < secondsCountMs
        ? new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(ms)
        : moment(ms),
    bytes: (count) =>
      new Intl.NumberFormat(locale, { style: "unit", unit: "kilobyte", maximumFractionDigits: 1 }).format(
        count / 1000,
      ),
    list: (parts) => new Intl.ListFormat(locale, { type: "conjunction" }).format(parts),
  };
}

/** Keeps its own direction in the middle of a sentence: Unicode's first-strong isolate, as `bdi` does in the page. */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}
