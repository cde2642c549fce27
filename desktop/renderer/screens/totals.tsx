/** The end of the day: pending, settled, disputed and rejected kept apart, by cashier and by shift; on paper and as CSV. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CashierTotals, Shift, Totals as DayTotals } from "../../protocol.ts";
import { BillReport } from "../bills/report.tsx";
import { useVouchersOrBills } from "../bills/vouchers-or-bills.tsx";
import { CashFacts } from "../cash.tsx";
import { toCsv } from "../csv.ts";
import { dayText, spanOf } from "../day.ts";
import { Field } from "#ui/fields.tsx";
import { saveFile } from "../files.ts";
import { useFormats } from "#ui/format.ts";
import { Table } from "#ui/table.tsx";
import { Icon } from "#ui/icons.tsx";
import { StandingCards } from "../parts.tsx";
import { usePrint } from "../print.tsx";
import { useAnswer, useTill } from "../till.ts";

export function Totals() {
  const { t } = useTranslation();
  const [day, setDay] = useState(() => dayText(new Date()));
  const [isOfBills, what] = useVouchersOrBills();
  return (
    <>
      <h1>{t("totals.title")}</h1>
      {what}
      <Field
        label={t("totals.day")}
        type="date"
        required
        value={day}
        onChange={({ target }) => target.value !== "" && setDay(target.value)}
      />
      {isOfBills ? <BillReport day={day} /> : <VoucherTotals day={day} />}
    </>
  );
}

function VoucherTotals({ day }: { readonly day: string }) {
  const { t } = useTranslation();
  const { settings } = useTill();
  const totals = useAnswer("totals", spanOf(day)).result;
  const shifts = useAnswer("shifts", spanOf(day)).result?.shifts ?? [];
  const { print, sheet } = usePrint(settings.paper);
  return (
    <>
      {totals ? (
        <>
          <Report totals={totals} shifts={shifts} />
          <div className="row">
            <button
              type="button"
              onClick={() => print(<Printed day={day} totals={totals} shifts={shifts} />)}
            >
              <Icon name="print" />
              {t("common.print")}
            </button>
            <button type="button" onClick={() => saveFile(`paypost-${day}.csv`, csvOf(day, totals.cashiers))}>
              <Icon name="save" />
              {t("totals.csv")}
            </button>
          </div>
        </>
      ) : (
        <p role="status">{t("common.working")}</p>
      )}
      {sheet}
    </>
  );
}

interface ReportProps {
  readonly totals: DayTotals;
  readonly shifts: readonly Shift[];
}

function Report({ totals, shifts }: ReportProps) {
  const { t } = useTranslation();
  return (
    <>
      <StandingCards totals={totals} />
      <p className="soft">{t("totals.apart")}</p>
      <Cashiers rows={totals.cashiers} />
      {shifts.length > 0 && (
        <section>
          <h2>{t("totals.shifts")}</h2>
          {shifts.map((shift) => (
            <ShiftCard key={shift.id} shift={shift} />
          ))}
        </section>
      )}
    </>
  );
}

function Printed({ day, ...report }: ReportProps & { readonly day: string }) {
  const { t } = useTranslation();
  const { till, practice } = useTill();
  return (
    <>
      {practice && <p>{t("practice.banner")}</p>}
      <h1>{till?.merchantName}</h1>
      <p>
        {t("totals.title")}: <bdi>{day}</bdi>
      </p>
      <Report {...report} />
    </>
  );
}

function Cashiers({ rows }: { readonly rows: readonly CashierTotals[] }) {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  if (rows.length === 0) return null;
  return (
    <Table
      caption={t("totals.byCashier")}
      rows={rows}
      keyOf={(row) => `${row.actor} ${row.state} ${row.currency}`}
      columns={[
        { title: t("people.cashier"), cell: ({ actor }) => <bdi>{actor}</bdi> },
        { title: t("redeem.amount"), look: "number", cell: (row) => <bdi>{money(row)}</bdi> },
        {
          title: t("receipt.state"),
          cell: ({ state }) => <span className={`chip look-${state}`}>{t(`state.${state}`)}</span>,
        },
        { title: t("vouchers.quantity"), look: "number", cell: ({ count }) => number(count) },
      ]}
    />
  );
}

function ShiftCard({ shift }: { readonly shift: Shift }) {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const { cashier, openedMs, closedMs, cash } = shift;
  return (
    <div className="card">
      <h3>
        <bdi>{cashier}</bdi>
      </h3>
      <p>
        {closedMs === null
          ? t("shift.since", { from: moment(openedMs) })
          : t("shift.span", { from: moment(openedMs), until: moment(closedMs) })}
      </p>
      {cash.map((drawer) => (
        <CashFacts key={drawer.currency} cash={drawer} />
      ))}
    </div>
  );
}

/** In English and plain numbers whatever the page's language: other programs read it. */
function csvOf(day: string, rows: readonly CashierTotals[]): Blob {
  const head = ["day", "cashier", "state", "vouchers", "amount", "currency"];
  const lines = rows.map((row) => [day, row.actor, row.state, String(row.count), row.amount, row.currency]);
  return new Blob([toCsv([head, ...lines])], { type: "text/csv;charset=utf-8" });
}
