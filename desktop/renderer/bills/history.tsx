/** What was taken for bills at this till, to be searched, opened, and proved. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { billHistoryStates } from "../../protocol.ts";
import type { BillHistoryQuery, BillPayment } from "../../protocol.ts";
import { Field, Segments } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { Table } from "#ui/table.tsx";
import { More, usePages } from "../pages.tsx";
import { Dialog } from "#ui/parts.tsx";
import { StandingChip } from "./parts.tsx";
import { BillReceipt } from "./receipt.tsx";

export function BillHistory() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [state, setState] = useState<BillHistoryQuery["state"]>("all");
  const query = { search: useDeferredValue(search), state };
  return (
    <>
      <Field
        label={t("common.search")}
        hint={t("bills.searchHistory")}
        type="search"
        maxLength={60}
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      <Segments
        label={t("history.show")}
        value={state}
        options={billHistoryStates.map((value) => ({
          value,
          label: t(value === "all" ? "state.all" : `bills.${value}`),
        }))}
        onChoose={setState}
      />
      <Payments key={JSON.stringify(query)} query={query} />
    </>
  );
}

function Payments({ query }: { readonly query: Omit<BillHistoryQuery, "before"> }) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  const [opened, setOpened] = useState<number>();
  const pages = usePages<"bill-history", BillPayment>({
    name: "bill-history",
    payloadAfter: (row) => ({ ...query, before: row?.sequence ?? null }),
    pageOf: ({ payments, more }) => ({ rows: payments, more }),
    keyOf: ({ sequence }) => sequence,
  });
  if (!pages) return <p role="status">{t("common.working")}</p>;
  if (pages.rows.length === 0) return <p role="status">{t("common.nothing")}</p>;
  return (
    <>
      <Table
        caption={t("bills.historyFound")}
        rows={pages.rows}
        keyOf={({ sequence }) => sequence}
        columns={[
          {
            title: t("bills.bill"),
            cell: ({ billId, sequence }) => (
              <button type="button" className="link code" onClick={() => setOpened(sequence)}>
                <bdi>{billId}</bdi>
              </button>
            ),
          },
          { title: t("redeem.amount"), look: "number", cell: (payment) => <bdi>{money(payment)}</bdi> },
          { title: t("receipt.time"), cell: ({ createdMs }) => moment(createdMs) },
          { title: t("receipt.state"), cell: ({ standing }) => <StandingChip standing={standing} /> },
          { title: t("people.cashier"), cell: ({ actor }) => <bdi>{actor}</bdi> },
          { title: t("bills.biller"), cell: ({ billerName }) => <bdi>{billerName}</bdi> },
        ]}
      />
      <More {...pages} />
      {opened !== undefined && (
        <Dialog title={t("bills.receiptTitle")} onClose={() => setOpened(undefined)}>
          <BillReceipt sequence={opened} />
          <form method="dialog" className="after">
            <button className="wide">{t("common.close")}</button>
          </form>
        </Dialog>
      )}
    </>
  );
}
