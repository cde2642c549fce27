/**
 * A page of a list of the console, by keyset: what was seen before is told by the last row itself, so that the ten thousandth
 * page costs what the first does, and no row is missed or shown twice when others come or go.
 */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";
import type { PartyRole } from "../../operators/rights.ts";

type SortType = "text" | "bigint" | "timestamptz" | "uuid" | "int" | "numeric";

interface SortColumn {
  readonly column: string;
  readonly type: SortType;
}

/** Where a list comes from. `Row` is what its query gives for each row. */
export interface ListSource<Row> {
  /** A query without order and limit, whose columns are the row's. */
  readonly query: string;
  /** Unique; what the list is ordered by last. */
  readonly key: SortColumn & { readonly column: string & keyof Row };
  /** None of these columns is ever null. The first is how the list is ordered at first, newest or largest first if `descending`. */
  readonly sorts: Readonly<Record<string, SortColumn>>;
  readonly descending: boolean;
  /** A condition on the query's columns (as `r`) for each filter; it is given the place of the filter's text. */
  readonly filters: Readonly<Record<string, (value: string) => string>>;
  /** The column that an outside party's own rows name it in. Who has none here, sees nothing. */
  readonly own?: Readonly<Partial<Record<PartyRole, string>>>;
  readonly totals?: TotalsOf;
}

/** The filter of a list by what a column holds. */
export function is(column: string): (value: string) => string {
  return (value) => `r."${column}" = ${value}`;
}

/** The columns that a list's totals are of; the currency is in `currency`. */
export interface TotalsOf {
  /** What each total is about, such as a day. */
  readonly by: string;
  readonly quantity: string;
  /** What the quantity is a part of. */
  readonly of?: string;
  /** In minor units. */
  readonly amount: string;
}

export interface Total extends Money {
  /** Null: of everything in this currency. */
  readonly label: string | null;
  readonly quantity: bigint;
  readonly of: bigint | null;
}

export interface PageWish {
  readonly filters: Readonly<Record<string, string>>;
  readonly sort: string | undefined;
  readonly descending: boolean | undefined;
  /** As `next` of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
  readonly party: { readonly role: PartyRole; readonly id: string } | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Null when this is the last one. */
  readonly next: string | null;
}

/** The wish names what this list does not have, or a place that is none of its own. */
export class WrongWishError extends Error {}

interface Placed {
  readonly sortText: string;
  readonly keyText: string;
}

export async function pageOf<Row extends object>(
  pool: Pool,
  source: ListSource<Row>,
  wish: PageWish,
): Promise<Page<Row>> {
  const { rows } = await rowsOf<Row & Placed>(pool, pageQuery(source, wish));
  const shown = rows.slice(0, wish.limit);
  const last = shown.at(-1);
  return {
    rows: shown,
    next: rows.length > wish.limit && last ? encodePlace(last) : null,
  };
}

/** The newest or last fifty labels at most, whose rows the wish filters; none where the list has no totals. */
export async function totalsOf(
  pool: Pool,
  source: AnySource,
  wish: Pick<PageWish, "filters" | "party">,
): Promise<readonly Total[]> {
  const { query, totals } = source;
  if (!totals) throw new WrongWishError("the list has no totals");
  const values: unknown[] = [];
  const by = `r."${totals.by}"`;
  const of = totals.of === undefined ? "null" : `sum(r."${totals.of}")`;
  const sql = `select ${by}::text as label, r.currency, sum(r."${totals.quantity}")::bigint as quantity, ${of}::bigint as of,
      sum(r."${totals.amount}")::bigint as "amountMinor"
    from (${query}) r ${whereOf(source, wish, values)}
    group by grouping sets ((${by}, r.currency), (r.currency)) order by ${by} desc nulls first, r.currency limit 50`;
  return (await rowsOf<Total>(pool, { sql, values })).rows;
}

/** Every row, page by page: for files, whose length is not known and whose rows are not all in memory. */
export async function* allRows<Row extends object>(
  pool: Pool,
  source: ListSource<Row>,
  wish: Omit<PageWish, "after" | "limit">,
): AsyncGenerator<readonly Row[]> {
  let after: string | undefined;
  do {
    const page = await pageOf(pool, source, { ...wish, after, limit: 1000 });
    yield page.rows;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

type AnySource = Pick<ListSource<never>, "query" | "filters" | "own" | "totals">;

interface Query {
  readonly sql: string;
  readonly values: unknown[];
}

async function rowsOf<Row extends object>(pool: Pool, { sql, values }: Query) {
  return pool.query<Row>(sql, values).catch((error: unknown) => {
    // Data exceptions (class 22): what was given is not of the kind that the column is.
    if (error instanceof Error && "code" in error && String(error.code).startsWith("22"))
      throw new WrongWishError("the list cannot be asked for that");
    throw error;
  });
}

/** Fills in `values`, by their places. */
function whereOf(
  { filters, own }: Pick<AnySource, "filters" | "own">,
  wish: Pick<PageWish, "filters" | "party">,
  values: unknown[],
  ...more: readonly string[]
): string {
  const place = (value: unknown) => `$${values.push(value)}`;
  const conditions = Object.entries(wish.filters).map(([name, text]) => {
    const condition = ownOf(filters, name);
    if (!condition) throw new WrongWishError("the list has no such filter");
    return condition(`${place(text)}::text`);
  });
  if (wish.party !== undefined) {
    const column = own?.[wish.party.role];
    conditions.push(column === undefined ? "false" : `r."${column}" = ${place(wish.party.id)}::text`);
  }
  conditions.push(...more);
  return conditions.length === 0 ? "" : `where ${conditions.map((one) => `(${one})`).join(" and ")}`;
}

function pageQuery<Row>(source: ListSource<Row>, wish: PageWish): Query {
  const values: unknown[] = [];
  const place = (value: unknown) => `$${values.push(value)}`;
  const [first] = Object.keys(source.sorts);
  const sort = ownOf(source.sorts, wish.sort ?? first ?? "");
  if (!sort) throw new WrongWishError("the list cannot be sorted by that");
  const descending = wish.sort === undefined ? source.descending : (wish.descending ?? false);
  const beyond: string[] = [];
  const [sortBy, keyBy] = [`r."${sort.column}"`, `r."${source.key.column}"`];
  if (wish.after !== undefined) {
    const after = decodePlace(wish.after);
    const isBeyond = descending ? "<" : ">";
    beyond.push(
      `(${sortBy}, ${keyBy}) ${isBeyond} (${place(after.sortText)}::${sort.type}, ${place(after.keyText)}::${source.key.type})`,
    );
  }
  const where = whereOf(source, wish, values, ...beyond);
  const way = descending ? "desc" : "asc";
  const sql = `select r.*, ${sortBy}::text as "sortText", ${keyBy}::text as "keyText" from (${source.query}) r ${where}
    order by ${sortBy} ${way}, ${keyBy} ${way} limit ${place(wish.limit + 1)}`;
  return { sql, values };
}

/** A name comes from whoever asks, and what every object has is none of the list's. */
function ownOf<Value>(names: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

function encodePlace({ sortText, keyText }: Placed): string {
  return Buffer.from(JSON.stringify([sortText, keyText])).toString("base64url");
}

function decodePlace(text: string): Placed {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (Array.isArray(place) && place.length === 2 && place.every((part) => typeof part === "string"))
      return { sortText: String(place[0]), keyText: String(place[1]) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new WrongWishError("this is no place in the list");
}
