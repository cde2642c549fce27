/** What the rows of a report add up to, drawn. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import type { Totals } from "../../api.ts";
import { Bars, Parts } from "../../charts.tsx";
import { Sums } from "../../parts.tsx";

type Bar = Totals["bars"][number];

interface KindsProps {
  readonly title: string;
  readonly totals: Totals;
  readonly labelOf: (label: string) => string;
  readonly text: (bar: Bar) => string;
  readonly sizeOf: (bar: Bar) => number;
}

/** A bar for each kind of thing; those of one currency are measured by the largest of them. */
export function Kinds({ title, totals: { sums, bars }, labelOf, text, sizeOf }: KindsProps) {
  const largest = (currency: string) =>
    Math.max(...bars.filter(({ amount }) => amount.currency === currency).map(sizeOf));
  return (
    <section className="card">
      <Parts
        title={title}
        parts={bars.map((bar) => {
          const { currency } = bar.amount;
          return {
            label: sums.length === 1 ? labelOf(bar.label) : `${labelOf(bar.label)} · ${currency}`,
            part: sizeOf(bar),
            whole: largest(currency),
            text: text(bar),
          };
        })}
      />
    </section>
  );
}

const leastDays = 14;
const mostDays = 31;
const dayMs = 86_400_000;

/** The sum in each currency, and a bar for each of its last days. */
export function Days({ title, totals: { sums, bars } }: { readonly title: string; readonly totals: Totals }) {
  const { t, i18n } = useTranslation();
  const { money } = useFormats();
  const short = new Intl.NumberFormat(i18n.language, { notation: "compact" });
  return (
    <>
      <dl className="big-numbers">
        {sums.map(({ quantity, amount }) => (
          <Sums
            key={amount.currency}
            title={t("reports.inAll", { currency: amount.currency })}
            look="settled"
            sums={[{ quantity, ...amount }]}
          />
        ))}
      </dl>
      <div className="two">
        {sums.map(({ amount: { currency } }) => (
          <section key={currency} className="card">
            <Bars
              title={t("reports.perDay", { title, currency })}
              heads={[t("reports.day"), t("reports.amount")]}
              bars={everyDay(bars.filter(({ amount }) => amount.currency === currency)).map(
                ([label, bar]) => {
                  const amount = bar?.amount ?? { amount: "0", currency };
                  const value = Number(amount.amount);
                  return { label, value, text: money(amount), short: short.format(value) };
                },
              )}
            />
          </section>
        ))}
      </div>
    </>
  );
}

/** Up to the last of them, those on which nothing was paid too. */
function everyDay(bars: readonly Bar[]): (readonly [string, Bar | undefined])[] {
  const [last] = bars;
  const first = bars.at(-1);
  if (!last || !first) return [];
  const span = (Date.parse(last.label) - Date.parse(first.label)) / dayMs;
  const count = Math.min(mostDays, Math.max(leastDays, span + 1));
  return Array.from({ length: count }, (_, place) => {
    const at = Date.parse(last.label) - (count - 1 - place) * dayMs;
    const day = new Date(at).toISOString().slice(0, 10);
    return [day, bars.find(({ label }) => label === day)] as const;
  });
}
