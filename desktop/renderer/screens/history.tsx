/** What was done at this till, to be searched, opened, and proved. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { historyStates } from "../../protocol.ts";
import type { HistoryQuery, Operation } from "../../protocol.ts";
import { BillHistory } from "../bills/history.tsx";
import { useVouchersOrBills } from "../bills/vouchers-or-bills.tsx";
import { Field, Segments } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { Table } from "#ui/table.tsx";
import { More, usePages } from "../pages.tsx";
import { Dialog } from "#ui/parts.tsx";
import { StateChip } from "../parts.tsx";
import { Receipt } from "../receipt.tsx";

export function History() {
  const { t } = useTranslation();
  const [isOfBills, what] = useVouchersOrBills();
  return (
    <>
      <h1>{t("history.title")}</h1>
      {what}
      {isOfBills ? <BillHistory /> : <VoucherHistory />}
    </>
  );
}

function VoucherHistory() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [state, setState] = useState<HistoryQuery["state"]>("all");
  const query = { search: useDeferredValue(search), state };
  return (
    <>
      <Field
        label={t("common.search")}
        hint={t("history.searchHint")}
        type="search"
        maxLength={60}
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      <Segments
        label={t("history.show")}
        value={state}
        options={historyStates.map((value) => ({ value, label: t(`state.${value}`) }))}
        onChoose={setState}
      />
      <Operations key={JSON.stringify(query)} query={query} />
    </>
  );
}

function Operations({ query }: { readonly query: Omit<HistoryQuery, "before"> }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<number>();
  const pages = usePages<"history", Operation>({
    name: "history",
    payloadAfter: (row) => ({ ...query, before: row?.sequence ?? null }),
    pageOf: ({ operations, more }) => ({ rows: operations, more }),
    keyOf: ({ sequence }) => sequence,
  });
  if (!pages) return <p role="status">{t("common.working")}</p>;
  if (pages.rows.length === 0) return <p role="status">{t("common.nothing")}</p>;
  return (
    <>
      <Rows operations={pages.rows} onOpen={setOpened} />
      <More {...pages} />
      {opened !== undefined && (
        <Dialog title={t("receipt.title")} onClose={() => setOpened(undefined)}>
          <Receipt sequence={opened} />
          <form method="dialog" className="after">
            <button className="wide">{t("common.close")}</button>
          </form>
        </Dialog>
      )}
    </>
  );
}

interface RowsProps {
  readonly operations: readonly Operation[];
  readonly onOpen: (sequence: number) => void;
}

function Rows({ operations, onOpen }: RowsProps) {
  const { t } = useTranslation();
  const { money, moment } = useFormats();
  return (
    <Table
      caption={t("history.found")}
      rows={operations}
      keyOf={({ sequence }) => sequence}
      columns={[
        {
          title: t("redeem.serial"),
          cell: ({ serial, sequence }) => (
            <button type="button" className="link code" onClick={() => onOpen(sequence)}>
              <bdi>{serial}</bdi>
            </button>
          ),
        },
        { title: t("redeem.amount"), look: "number", cell: (operation) => <bdi>{money(operation)}</bdi> },
        { title: t("receipt.time"), cell: ({ createdMs }) => moment(createdMs) },
        { title: t("receipt.state"), cell: (operation) => <StateChip {...operation} /> },
        { title: t("people.cashier"), cell: ({ actor }) => <bdi>{actor}</bdi> },
      ]}
    />
  );
}
