/** Reports of vouchers: what there is of them, what becomes of them, and what programmes may still spend. */
import { useTranslation } from "react-i18next";
import { useFormats } from "#ui/format.ts";
import { Parts } from "../../charts.tsx";
import { List } from "../../list.tsx";
import { Chip, Moment } from "../../parts.tsx";
import { useTerm } from "../../words.ts";
import { Kinds } from "./charts.tsx";
import { useFilters } from "./filters.ts";

export function Stock() {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const term = useTerm();
  const { group, currency } = useFilters();
  return (
    <List
      name="stock"
      caption={t("reports.stock")}
      jsonLines
      rowKey={(row) => `${row.group} ${row.currency} ${row.state}`}
      filters={[group, currency]}
      columns={[
        { head: t("reports.group"), sort: "group", look: "code", cell: (row) => row.group },
        { head: t("reports.state"), cell: ({ state }) => <Chip state={state} /> },
        {
          head: t("reports.quantity"),
          sort: "quantity",
          look: "number",
          cell: ({ quantity }) => number(quantity),
        },
        { head: t("reports.value"), sort: "value", look: "number", cell: ({ value }) => money(value) },
      ]}
      chart={(totals) => (
        <Kinds
          title={t("reports.byState")}
          totals={totals}
          labelOf={term}
          text={(bar) => number(bar.quantity)}
          sizeOf={({ quantity }) => quantity}
        />
      )}
    />
  );
}

export function TakeUp() {
  const { t } = useTranslation();
  const { money, number } = useFormats();
  const { programme, group, currency, search } = useFilters();
  return (
    <List
      name="takeUp"
      caption={t("reports.takeUp")}
      jsonLines
      rowKey={(row) => `${row.programme} ${row.group} ${row.currency} ${row.area ?? ""}`}
      filters={[programme, group, currency, search("area", t("reports.area"))]}
      columns={[
        { head: t("reports.programme"), sort: "programme", look: "code", cell: (row) => row.programme },
        { head: t("reports.group"), look: "code", cell: (row) => row.group },
        { head: t("reports.area"), cell: ({ area }) => area ?? "" },
        { head: t("reports.issued"), sort: "issued", look: "number", cell: ({ issued }) => number(issued) },
        { head: t("reports.activated"), look: "number", cell: ({ activated }) => number(activated) },
        {
          head: t("reports.redeemed"),
          sort: "redeemed",
          look: "number",
          cell: ({ redeemed }) => number(redeemed),
        },
        { head: t("reports.expired"), look: "number", cell: ({ expired }) => number(expired) },
        {
          head: t("reports.redeemedValue"),
          look: "number",
          cell: ({ redeemedValue }) => money(redeemedValue),
        },
      ]}
      chart={({ sums, bars }) => (
        <section className="card">
          <Parts
            title={t("reports.redeemedOfIssued")}
            parts={bars.map(({ label, quantity, of, amount }) => ({
              label: sums.length === 1 ? label : `${label} · ${amount.currency}`,
              part: quantity,
              whole: of ?? 0,
              text: t("reports.partOf", { part: quantity, whole: of ?? 0 }),
            }))}
          />
        </section>
      )}
    />
  );
}

export function Budgets() {
  const { t } = useTranslation();
  const { money } = useFormats();
  const { programme, group, currency } = useFilters();
  return (
    <List
      name="budgets"
      caption={t("reports.budgets")}
      jsonLines
      rowKey={(row) => `${row.programme} ${row.group} ${row.currency}`}
      filters={[programme, group, currency]}
      columns={[
        { head: t("reports.programme"), sort: "programme", look: "code", cell: (row) => row.programme },
        { head: t("reports.group"), look: "code", cell: (row) => row.group },
        { head: t("reports.limit"), look: "number", cell: ({ limit }) => money(limit) },
        { head: t("reports.used"), sort: "used", look: "number", cell: ({ used }) => money(used) },
        { head: t("reports.redeemed"), look: "number", cell: ({ redeemed }) => money(redeemed) },
        { head: t("reports.left"), look: "number", cell: ({ left }) => money(left) },
      ]}
    />
  );
}

export function UnusedLeases() {
  const { t } = useTranslation();
  const { money } = useFormats();
  const { merchant, search } = useFilters();
  return (
    <List
      name="unusedLeases"
      caption={t("reports.unusedLeases")}
      jsonLines
      rowKey={({ serial }) => serial}
      filters={[
        {
          kind: "choice",
          name: "days",
          label: t("reports.granted"),
          options: [7, 30].map((days) => ({ value: String(days), label: t("reports.daysAgo", { days }) })),
        },
        merchant,
        search("node", t("reports.node")),
      ]}
      columns={[
        { head: t("reports.serial"), look: "code", cell: ({ serial }) => serial },
        { head: t("reports.amount"), look: "number", cell: ({ amount }) => money(amount) },
        { head: t("reports.merchant"), cell: (row) => row.merchant },
        { head: t("reports.node"), cell: ({ node }) => node },
        {
          head: t("reports.granted"),
          sort: "granted",
          cell: ({ grantedAt }) => <Moment at={grantedAt} />,
        },
        { head: t("reports.ends"), cell: ({ endsAt }) => <Moment at={endsAt} /> },
        { head: t("reports.lastContact"), cell: ({ lastContact }) => <Moment at={lastContact} /> },
      ]}
    />
  );
}
