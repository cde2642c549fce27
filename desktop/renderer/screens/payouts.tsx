/** The payout statement: what was paid, when, to which account, under which reference; on paper and as CSV. */
import { useTranslation } from "react-i18next";
import type { Payout } from "../../protocol.ts";
import { toCsv } from "../csv.ts";
import { saveFile } from "../files.ts";
import { useFormats } from "#ui/format.ts";
import { Table } from "#ui/table.tsx";
import { Icon } from "#ui/icons.tsx";
import { More, usePages } from "../pages.tsx";
import { usePrint } from "../print.tsx";
import { useTill } from "../till.ts";

export function Payouts() {
  const { t } = useTranslation();
  const { settings, till } = useTill();
  const { moment } = useFormats();
  const { print, sheet } = usePrint(settings.paper);
  const pages = usePages<"payouts", Payout>({
    name: "payouts",
    payloadAfter: (row) => ({ before: row?.reference ?? null }),
    pageOf: ({ payouts, more }) => ({ rows: payouts, more }),
    keyOf: ({ reference }) => reference,
  });
  if (!pages) return <p role="status">{t("common.working")}</p>;
  const { rows, result } = pages;
  const printed = (
    <>
      <h1>{till?.merchantName}</h1>
      <p>{t("payouts.title")}</p>
      <Statement rows={rows} />
    </>
  );
  return (
    <>
      <h1>{t("payouts.title")}</h1>
      <p className="soft">
        {result.asOfMs === null ? t("common.neverTold") : t("common.asOf", { when: moment(result.asOfMs) })}
      </p>
      {rows.length === 0 ? (
        <p role="status">{t("payouts.none")}</p>
      ) : (
        <>
          <Statement rows={rows} />
          <More {...pages} />
          <div className="row after">
            <button type="button" onClick={() => print(printed)}>
              <Icon name="print" />
              {t("common.print")}
            </button>
            <button type="button" onClick={() => saveFile("paypost-payouts.csv", csvOf(rows))}>
              <Icon name="save" />
              {t("totals.csv")}
            </button>
          </div>
        </>
      )}
      {sheet}
    </>
  );
}

function Statement({ rows }: { readonly rows: readonly Payout[] }) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  return (
    <Table
      caption={t("payouts.caption")}
      rows={rows}
      keyOf={({ reference }) => reference}
      columns={[
        { title: t("payouts.reference"), look: "code", cell: ({ reference }) => <bdi>{reference}</bdi> },
        { title: t("payouts.paid"), look: "number", cell: (payout) => <bdi>{money(payout)}</bdi> },
        { title: t("payouts.when"), cell: ({ paidMs }) => moment(paidMs) },
        {
          title: t("payouts.account"),
          cell: (payout) => <bdi>{accountOf(payout) ?? t("payouts.ledger")}</bdi>,
        },
        { title: t("redeem.serial"), look: "code", cell: ({ serial }) => <bdi>{serial}</bdi> },
        {
          title: t("payouts.fee"),
          look: "number",
          cell: ({ fee, currency }) => <bdi>{money({ amount: fee, currency })}</bdi>,
        },
      ]}
    />
  );
}

/** Undefined where the money is on the merchant's account at the server. */
function accountOf({ account, provider }: Payout): string | undefined {
  const parts = [provider, account].filter((part) => part !== null);
  return parts.length === 0 ? undefined : parts.join(" ");
}

function csvOf(rows: readonly Payout[]): Blob {
  const head = ["paid", "reference", "account", "serial", "amount", "fee", "currency"];
  const lines = rows.map((row) => [
    new Date(row.paidMs).toISOString(),
    row.reference,
    accountOf(row) ?? "",
    row.serial,
    row.amount,
    row.fee,
    row.currency,
  ]);
  return new Blob([toCsv([head, ...lines])], { type: "text/csv;charset=utf-8" });
}
