/** The sums of a day: pending, settled, disputed and rejected, kept apart, and by cashier; on paper and as CSV. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CashierTotals, Sum } from "../../protocol.ts";
import { toCsv } from "../csv.ts";
import { saveFile } from "../files.ts";
import { useFormats } from "../format.ts";
import { Field } from "../parts.tsx";
import { useAnswer, useTill } from "../till.ts";

const standings = ["settled", "pending", "disputed", "rejected"] as const;

export function Totals() {
  const { t } = useTranslation();
  const { till } = useTill();
  const [day, setDay] = useState(() => dayText(new Date()));
  const { result } = useAnswer("totals", spanOf(day));
  return (
    <>
      <h1>{t("totals.title")}</h1>
      <p className="paper-only">{till?.merchantName}</p>
      <Field
        label={t("totals.day")}
        type="date"
        required
        value={day}
        onChange={({ target }) => target.value !== "" && setDay(target.value)}
      />
      {result ? (
        <>
          <div className="cards">
            {standings.map((standing) => (
              <Card key={standing} title={t(`totals.${standing}`)} look={standing} sums={result[standing]} />
            ))}
          </div>
          <p className="hint">{t("totals.apart")}</p>
          <Cashiers rows={result.cashiers} />
          <div className="row">
            <button type="button" onClick={() => window.print()}>
              {t("common.print")}
            </button>
            <button type="button" onClick={() => saveFile(`paypost-${day}.csv`, csvOf(day, result.cashiers))}>
              {t("totals.csv")}
            </button>
          </div>
        </>
      ) : (
        <p role="status">{t("common.working")}</p>
      )}
    </>
  );
}

interface CardProps {
  readonly title: string;
  readonly look: string;
  readonly sums: readonly Sum[];
}

function Card({ title, look, sums }: CardProps) {
  const { t } = useTranslation();
  const { money } = useFormats();
  return (
    <section className={`card ${look}`}>
      <h2>{title}</h2>
      {sums.length === 0 && <p>{t("common.none")}</p>}
      {sums.map((sum) => (
        <p key={sum.currency}>
          <span className="amount">{money(sum)}</span> {t("common.count", { count: sum.count })}
        </p>
      ))}
    </section>
  );
}

function Cashiers({ rows }: { readonly rows: readonly CashierTotals[] }) {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  if (rows.length === 0) return null;
  return (
    <table>
      <caption>{t("totals.byCashier")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("people.cashier")}</th>
          <th scope="col">{t("receipt.state")}</th>
          <th scope="col">{t("vouchers.quantity")}</th>
          <th scope="col">{t("redeem.amount")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.actor} ${row.state} ${row.currency}`}>
            <th scope="row">{row.actor}</th>
            <td>{t(`state.${row.state}`)}</td>
            <td className="number">{number(row.count)}</td>
            <td className="number">{money(row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function csvOf(day: string, rows: readonly CashierTotals[]): Blob {
  const head = ["day", "cashier", "state", "vouchers", "amount", "currency"];
  const lines = rows.map((row) => [day, row.actor, row.state, String(row.count), row.amount, row.currency]);
  return new Blob([toCsv([head, ...lines])], { type: "text/csv;charset=utf-8" });
}

/** In this machine's own time zone, as whoever closes the shop means it. */
function dayText(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function spanOf(day: string): { readonly fromMs: number; readonly untilMs: number } {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return {
    fromMs: new Date(year, month - 1, date).getTime(),
    untilMs: new Date(year, month - 1, date + 1).getTime(),
  };
}
