/** What was done at this till, to be searched, opened, and proved. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { historyStates } from "../../protocol.ts";
import type { HistoryPage, HistoryQuery, Operation } from "../../protocol.ts";
import { useFormats } from "../format.ts";
import { Choice, Dialog, Field } from "../parts.tsx";
import { Receipt } from "../receipt.tsx";
import { ask, useAnswer } from "../till.ts";

export function History() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const [state, setState] = useState<HistoryQuery["state"]>("all");
  const query = { search: useDeferredValue(search), state };
  return (
    <>
      <h1>{t("history.title")}</h1>
      <div className="row">
        <Field
          label={t("common.search")}
          hint={t("history.searchHint")}
          type="search"
          maxLength={60}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
        <Choice
          label={t("history.show")}
          value={state}
          options={historyStates.map((value) => ({ value, label: t(`state.${value}`) }))}
          onChoose={setState}
        />
      </div>
      <Pages key={JSON.stringify(query)} query={query} />
    </>
  );
}

function Pages({ query }: { readonly query: Omit<HistoryQuery, "before"> }) {
  const { t } = useTranslation();
  const first = useAnswer("history", { ...query, before: null }).result;
  const [later, setLater] = useState<readonly HistoryPage[]>([]);
  const [opened, setOpened] = useState<number>();
  if (!first) return <p role="status">{t("common.working")}</p>;
  const pages = [first, ...later];
  // What came in at the top since the older pages were fetched is not shown a second time.
  const operations = [
    ...new Map(pages.flatMap((page) => page.operations).map((row) => [row.sequence, row])).values(),
  ];
  const more = async () => {
    const before = operations.at(-1)?.sequence ?? null;
    const page = await ask("history", { ...query, before });
    setLater((known) => [...known, page]);
  };
  if (operations.length === 0) return <p>{t("common.nothing")}</p>;
  return (
    <>
      <Rows operations={operations} onOpen={setOpened} />
      {pages.at(-1)?.more && (
        <button type="button" onClick={() => void more()}>
          {t("common.more")}
        </button>
      )}
      {opened !== undefined && (
        <Dialog title={t("receipt.title")} onClose={() => setOpened(undefined)}>
          <Receipt sequence={opened} />
          <form method="dialog">
            <button>{t("common.close")}</button>
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
    <table>
      <caption>{t("history.found")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("redeem.serial")}</th>
          <th scope="col">{t("redeem.amount")}</th>
          <th scope="col">{t("receipt.state")}</th>
          <th scope="col">{t("receipt.time")}</th>
          <th scope="col">{t("people.cashier")}</th>
        </tr>
      </thead>
      <tbody>
        {operations.map((operation) => (
          <tr key={operation.sequence}>
            <th scope="row">
              <button type="button" className="link" onClick={() => onOpen(operation.sequence)}>
                <bdi>{operation.serial}</bdi>
              </button>
            </th>
            <td className="number">{money(operation)}</td>
            <td>{operation.disputed ? t("state.disputed") : t(`state.${operation.state}`)}</td>
            <td>{moment(operation.createdMs)}</td>
            <td>{operation.actor}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
