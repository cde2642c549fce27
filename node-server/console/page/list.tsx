/** The one table of the console: pages, sorting, filters, and a file of all rows, all of it done by the server. */
import { useState } from "react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Choice, Field } from "#ui/fields.tsx";
import { Icon } from "#ui/icons.tsx";
import { queryOf, urlOf } from "./api.ts";
import type { ListName, RowOf, Totals } from "./api.ts";
import { useAsked } from "./asking.ts";
import { Refused } from "./parts.tsx";

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ReactNode;
  /** As the server's list calls it. */
  readonly sort?: string;
  readonly look?: "number" | "code" | "long";
}

export type Filter = {
  /** As the server's list calls it. */
  readonly name: string;
  readonly label: string;
} & (
  | { readonly kind: "search" }
  /** Of the calendar, as the server's list takes it: `YYYY-MM-DD`. */
  | { readonly kind: "day" }
  | {
      readonly kind: "choice";
      readonly options: readonly { readonly value: string; readonly label: string }[];
    }
);

interface ListProps<Name extends ListName> {
  readonly name: Name;
  readonly caption: string;
  readonly columns: readonly Column<RowOf<Name>>[];
  readonly rowKey: (row: RowOf<Name>) => string;
  readonly filters?: readonly Filter[];
  /** What the list is always filtered by. */
  readonly fixed?: Readonly<Record<string, string>>;
  /** What it is filtered by at first. */
  readonly initially?: Readonly<Record<string, string>>;
  /** Asks again and again by itself. */
  readonly live?: boolean;
  /** Another number asks anew: something was changed. */
  readonly version?: number;
  /** Saves its rows as JSON Lines too. */
  readonly jsonLines?: boolean;
  readonly acts?: (row: RowOf<Name>) => ReactNode;
  /** Above the table: what its rows add up to, filtered as they are. */
  readonly chart?: (totals: Totals) => ReactNode;
}

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export function List<Name extends ListName>(props: ListProps<Name>) {
  const {
    name,
    caption,
    columns,
    rowKey,
    filters = [],
    fixed = {},
    initially = {},
    live = false,
    version = 0,
    jsonLines = false,
    acts,
    chart,
  } = props;
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(initially);
  const [order, setOrder] = useState<{ readonly sort: string; readonly descending: boolean }>();
  // Where each page that was gone through begins; the first has no beginning.
  const [starts, setStarts] = useState<readonly string[]>([]);
  const wish = { ...chosen, ...fixed, ...order };
  const after = starts.at(-1);
  const path = `${name}?${queryOf({ ...wish, after })}`;
  const { answer, refusal } = useAsked<Page<RowOf<Name>>>(path, { live, version });
  const [shown, setShown] = useState<Page<RowOf<Name>>>();
  // What was there stays in sight until what comes instead is there.
  if (answer !== undefined && answer !== shown) setShown(answer);
  const filterBy = (filter: string, value: string) => {
    setChosen({ ...chosen, [filter]: value });
    setStarts([]);
  };
  const sortBy = (sort: string) => {
    setOrder({ sort, descending: order?.sort === sort ? !order.descending : false });
    setStarts([]);
  };
  return (
    <section aria-label={caption}>
      <div className="filters" role="search" aria-label={caption}>
        {filters.map((filter) =>
          filter.kind === "search" ? (
            <Search
              key={filter.name}
              label={filter.label}
              initially={initially[filter.name] ?? ""}
              onSearch={(text) => filterBy(filter.name, text)}
            />
          ) : filter.kind === "day" ? (
            <Field
              key={filter.name}
              label={filter.label}
              type="date"
              value={chosen[filter.name] ?? ""}
              onChange={({ target }) => filterBy(filter.name, target.value)}
            />
          ) : (
            <Choice
              key={filter.name}
              label={filter.label}
              value={chosen[filter.name] ?? ""}
              options={[{ value: "", label: t("common.all") }, ...filter.options]}
              onChoose={(value) => filterBy(filter.name, value)}
            />
          ),
        )}
        <a className="button end" href={urlOf(`${name}?${queryOf({ ...wish, as: "csv" })}`)} download>
          <Icon name="save" />
          {t("common.export")}
        </a>
        {jsonLines && (
          <a className="button" href={urlOf(`${name}?${queryOf({ ...wish, as: "jsonl" })}`)} download>
            <Icon name="save" />
            {t("common.exportLines")}
          </a>
        )}
      </div>
      <Refused code={refusal} />
      {chart && <Chart path={`${name}?${queryOf({ ...chosen, ...fixed, as: "totals" })}`} draw={chart} />}
      {shown && (
        // Wider than a small window: whoever has no mouse scrolls it with the arrows.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div
          className="scroller"
          role="region"
          aria-label={caption}
          tabIndex={0}
          aria-busy={answer === undefined}
        >
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <Head key={column.head} column={column} order={order} onSort={sortBy} />
                ))}
                {acts && (
                  <th scope="col">
                    <span className="unseen">{t("common.actions")}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {shown.rows.map((row) => (
                <tr key={rowKey(row)}>
                  {columns.map((column, place) =>
                    place === 0 ? (
                      <th key={column.head} scope="row" className={column.look}>
                        {column.cell(row)}
                      </th>
                    ) : (
                      <td key={column.head} className={column.look}>
                        {column.cell(row)}
                      </td>
                    ),
                  )}
                  {acts && <td className="acts">{acts(row)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
          {shown.rows.length === 0 && <p className="boxed quiet">{t("common.nothing")}</p>}
        </div>
      )}
      {shown && (starts.length > 0 || shown.next !== null) && (
        <nav className="pager" aria-label={`${caption}: ${t("common.page", { page: starts.length + 1 })}`}>
          <button type="button" disabled={starts.length === 0} onClick={() => setStarts(starts.slice(0, -1))}>
            <Icon name="back" />
            {t("common.previous")}
          </button>
          <p aria-live="polite">{t("common.page", { page: starts.length + 1 })}</p>
          <button
            type="button"
            disabled={shown.next === null || answer === undefined}
            onClick={() => shown.next !== null && setStarts([...starts, shown.next])}
          >
            {t("common.next")}
          </button>
        </nav>
      )}
    </section>
  );
}

interface ChartProps {
  readonly path: string;
  readonly draw: (totals: Totals) => ReactNode;
}

/** Of a filter that is wrong the table tells. */
function Chart({ path, draw }: ChartProps) {
  const { answer } = useAsked<Totals>(path, {});
  return answer === undefined || answer.sums.length === 0 ? null : draw(answer);
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly order: { readonly sort: string; readonly descending: boolean } | undefined;
  readonly onSort: (sort: string) => void;
}

function Head<Row>({ column, order, onSort }: HeadProps<Row>) {
  const { t } = useTranslation();
  const { head, sort, look } = column;
  if (sort === undefined) {
    return (
      <th scope="col" className={look}>
        {head}
      </th>
    );
  }
  const isSorted = order?.sort === sort;
  const way = isSorted ? (order.descending ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" className={look} aria-sort={way}>
      <button
        type="button"
        className="sort"
        title={t("common.sortBy", { name: head })}
        onClick={() => onSort(sort)}
      >
        {head}
        <span aria-hidden="true">{way === undefined ? "↕" : way === "descending" ? "↓" : "↑"}</span>
      </button>
    </th>
  );
}

interface SearchProps {
  readonly label: string;
  readonly initially: string;
  readonly onSearch: (text: string) => void;
}

function Search({ label, initially, onSearch }: SearchProps) {
  const [text, setText] = useState(initially);
  return (
    <form
      className="field"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(text.trim());
      }}
    >
      <Field
        label={label}
        type="search"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          if (target.value === "") onSearch("");
        }}
      />
    </form>
  );
}
