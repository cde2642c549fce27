/** The day's bills: by standing, by biller, by cashier and shift; on paper and as CSV. */
import { useTranslation } from "react-i18next";
import type { BillCashierTotals, BillTotals, BillerTotals } from "../../protocol.ts";
import { toCsv } from "../csv.ts";
import { spanOf } from "../day.ts";
import { saveFile } from "../files.ts";
import { useFormats } from "#ui/format.ts";
import { Table } from "#ui/table.tsx";
import { Icon } from "#ui/icons.tsx";
import { usePrint } from "../print.tsx";
import { useAnswer, useTill } from "../till.ts";
import { BillCards, StandingChip } from "./parts.tsx";

export function BillReport({ day }: { readonly day: string }) {
  const { t } = useTranslation();
  const { settings } = useTill();
  const { result } = useAnswer("bill-totals", spanOf(day));
  const { print, sheet } = usePrint(settings.paper);
  if (!result) return <p role="status">{t("common.working")}</p>;
  return (
    <>
      <Report report={result} />
      <div className="row">
        <button type="button" onClick={() => print(<Printed day={day} report={result} />)}>
          <Icon name="print" />
          {t("common.print")}
        </button>
        <button
          type="button"
          onClick={() => saveFile(`paypost-bills-${day}.csv`, csvOf(day, result.cashiers))}
        >
          <Icon name="save" />
          {t("totals.csv")}
        </button>
      </div>
      {sheet}
    </>
  );
}

function Report({ report }: { readonly report: BillTotals }) {
  const { t } = useTranslation();
  return (
    <>
      <BillCards totals={report.totals} />
      <p className="soft">{t("bills.apart")}</p>
      <Billers rows={report.billers} />
      <Cashiers rows={report.cashiers} />
    </>
  );
}

function Printed({ day, report }: { readonly day: string; readonly report: BillTotals }) {
  const { t } = useTranslation();
  const { till, practice } = useTill();
  return (
    <>
      {practice && <p>{t("practice.banner")}</p>}
      <h1>{till?.merchantName}</h1>
      <p>
        {t("totals.title")}, {t("bills.title")}: <bdi>{day}</bdi>
      </p>
      <Report report={report} />
    </>
  );
}

const meansWords = { cash: "cashMeans", voucher: "voucherMeans" } as const;

function Billers({ rows }: { readonly rows: readonly BillerTotals[] }) {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  if (rows.length === 0) return null;
  return (
    <Table
      caption={t("bills.byBiller")}
      rows={rows}
      keyOf={(row) => [row.billerName, row.standing, row.means, row.currency].join(" ")}
      columns={[
        { title: t("bills.biller"), cell: ({ billerName }) => <bdi>{billerName}</bdi> },
        { title: t("redeem.amount"), look: "number", cell: (row) => <bdi>{money(row)}</bdi> },
        { title: t("bills.means"), cell: ({ means }) => t(`bills.${meansWords[means]}`) },
        { title: t("receipt.state"), cell: ({ standing }) => <StandingChip standing={standing} /> },
        { title: t("vouchers.quantity"), look: "number", cell: ({ count }) => number(count) },
      ]}
    />
  );
}

function Cashiers({ rows }: { readonly rows: readonly BillCashierTotals[] }) {
  const { t } = useTranslation();
  const { money, number, moment } = useFormats();
  if (rows.length === 0) return null;
  return (
    <Table
      caption={t("bills.byCashier")}
      rows={rows}
      keyOf={(row) =>
        [row.actor, row.shiftMs, row.billerName, row.standing, row.means, row.currency].join(" ")
      }
      columns={[
        { title: t("people.cashier"), cell: ({ actor }) => <bdi>{actor}</bdi> },
        { title: t("redeem.amount"), look: "number", cell: (row) => <bdi>{money(row)}</bdi> },
        { title: t("bills.shiftSince"), cell: ({ shiftMs }) => (shiftMs === null ? "" : moment(shiftMs)) },
        { title: t("receipt.state"), cell: ({ standing }) => <StandingChip standing={standing} /> },
        {
          title: t("bills.biller"),
          cell: ({ billerName, means }) => (
            <>
              <bdi>{billerName}</bdi>, {t(`bills.${meansWords[means]}`)}
            </>
          ),
        },
        { title: t("vouchers.quantity"), look: "number", cell: ({ count }) => number(count) },
      ]}
    />
  );
}

/** In English and plain numbers whatever the page's language: other programs read it. */
function csvOf(day: string, rows: readonly BillCashierTotals[]): Blob {
  const head = ["day", "biller", "cashier", "shift", "means", "state", "bills", "amount", "currency"];
  const lines = rows.map((row) => [
    day,
    row.billerName,
    row.actor,
    row.shiftMs === null ? "" : new Date(row.shiftMs).toISOString(),
    row.means,
    row.standing,
    String(row.count),
    row.amount,
    row.currency,
  ]);
  return new Blob([toCsv([head, ...lines])], { type: "text/csv;charset=utf-8" });
}
