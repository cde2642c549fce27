/** What happens in the whole programme, in a few numbers and two charts. */
import { useTranslation } from "react-i18next";
import { formatMajor, parseMajor } from "#core/money.ts";
import { useFormats } from "#ui/format.ts";
import type { AnswerOf } from "../api.ts";
import { useRead } from "../asking.ts";
import { Bars, Share } from "../charts.tsx";
import { Chip, Moment, PageHead, Refused, Sums } from "../parts.tsx";
import type { Sum } from "../parts.tsx";
import { linkTo } from "../place.ts";
import { useMay } from "../session.ts";
import { useTerm } from "../words.ts";

type Numbers = AnswerOf<"overview">;
type States = Numbers["vouchers"];

export function Overview() {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { answer, refusal } = useRead("overview", {}, { live: true });
  return (
    <>
      <PageHead title={t("overview.title")} />
      <Refused code={refusal} />
      {answer && (
        <>
          <dl className="big-numbers">
            <Sums title={t("overview.redeemed")} look="settled" sums={sumByCurrency(answer.redeemed)} />
            <Sums title={t("overview.pending")} look="pending" sums={sumByCurrency(answer.unpaid)} />
            <Sums title={t("overview.disputed")} look="disputed" sums={sumByCurrency(answer.disputed)} />
            <div className="big-number">
              <dt>{t("overview.nodes")}</dt>
              <dd className="amount">{number(answer.nodes.active)}</dd>
              <dd className="soft">{t("overview.stopped", { count: answer.nodes.stopped })}</dd>
            </div>
          </dl>
          <div className="two">
            <section className="card">
              <PerDay redeemed={answer.redeemed} />
            </section>
            <Waiting waiting={answer.waiting} />
            <Stock states={answer.vouchers} />
            <Silent numbers={answer} />
          </div>
        </>
      )}
    </>
  );
}

interface Counted {
  readonly quantity: number;
  readonly amount: { readonly amount: string; readonly currency: string };
}

function sumByCurrency(counted: readonly Counted[]): Sum[] {
  return [...Map.groupBy(counted, ({ amount }) => amount.currency)].map(([currency, group]) => ({
    currency,
    amount: formatMajor({
      currency,
      amountMinor: group.reduce((sum, { amount }) => sum + minorOf(amount.amount, currency), 0n),
    }),
    quantity: group.reduce((sum, { quantity }) => sum + quantity, 0),
  }));
}

function minorOf(amount: string, currency: string): bigint {
  const parsed = parseMajor(amount, currency);
  if (!parsed.ok) throw new Error(`the server sent ${amount} ${currency}, which is no amount`);
  return parsed.money.amountMinor;
}

const days = 14;
const dayMs = 86_400_000;

function PerDay({ redeemed }: Pick<Numbers, "redeemed">) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const today = Date.now();
  const bars = Array.from({ length: days }, (_, place) => {
    const label = new Date(today - (days - 1 - place) * dayMs).toISOString().slice(0, 10);
    const value = redeemed
      .filter(({ day }) => day === label)
      .reduce((sum, { quantity }) => sum + quantity, 0);
    return { label, value, text: number(value), short: number(value) };
  });
  return (
    <Bars title={t("overview.perDay")} heads={[t("overview.day"), t("overview.quantity")]} bars={bars} />
  );
}

function Waiting({ waiting }: Pick<Numbers, "waiting">) {
  const { t } = useTranslation();
  const { number } = useFormats();
  return (
    <section className="card">
      <h2>{t("overview.waiting")}</h2>
      <dl className="facts">
        {(["held", "undelivered", "alerts"] as const).map((name) => (
          <div key={name}>
            <dt>{t(`overview.${name}`)}</dt>
            <dd>{number(waiting[name])}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Stock({ states }: { readonly states: States }) {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const whole = states.reduce((sum, { quantity }) => sum + quantity, 0);
  return (
    <section className="card">
      <h2>{t("overview.stock")}</h2>
      {states.length === 0 && <p className="soft">{t("common.nothing")}</p>}
      {states.length > 0 && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className="scroller" role="region" aria-label={t("overview.stock")} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("overview.state")}</th>
                <th scope="col" className="number">
                  {t("overview.quantity")}
                </th>
                <th scope="col" className="number">
                  {t("overview.amount")}
                </th>
              </tr>
            </thead>
            <tbody>
              {states.map(({ state, quantity, amount }) => (
                <tr key={`${state} ${amount.currency}`}>
                  <th scope="row">
                    <span className="stack">
                      <Chip state={state} />
                      <Share part={quantity} whole={whole} />
                    </span>
                  </th>
                  <td className="number">{number(quantity)}</td>
                  <td className="number">{money(amount)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Silent({ numbers }: { readonly numbers: Numbers }) {
  const { t } = useTranslation();
  const term = useTerm();
  const may = useMay();
  const { silent, silentHours } = numbers;
  return (
    <section className="card">
      <h2>{t("overview.silent", { hours: silentHours })}</h2>
      {silent.length === 0 && <p className="soft">{t("overview.silentNone", { hours: silentHours })}</p>}
      {silent.length > 0 && (
        <ul className="list">
          {silent.map(({ id, name, lastContact }) => (
            <li key={id}>
              {name}
              <span className="soft end">
                {lastContact === null ? term("never") : <Moment at={lastContact} />}
              </span>
            </li>
          ))}
        </ul>
      )}
      {may("nodes") && <a href={linkTo("nodes")}>{t("overview.showAll")}</a>}
    </section>
  );
}
