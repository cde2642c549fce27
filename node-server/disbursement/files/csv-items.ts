/**
 * Items out of CSV (GovStack `POST /batchtransactions?type=csv`). Columns are found by name, as PHEE or the JSON call them:
 * `payee_identifier_type` is `payeeIdentifierType`; `id` and columns that are not known are left alone.
 */
import { csvRows } from "../../read-csv.ts";
import { FileMistakes, mostItems } from "./raw-item.ts";
import type { Mistake, Party, RawItem } from "./raw-item.ts";

const columns = [
  "requestid",
  "paymentmode",
  "payeridentifiertype",
  "payeridentifier",
  "payeeidentifiertype",
  "payeeidentifier",
  "payeedfspid",
  "amount",
  "currency",
  "note",
] as const;

type Column = (typeof columns)[number];

const aliases: ReadonlyMap<string, Column> = new Map<string, Column>([
  ...columns.map((column) => [column, column] as const),
  ["descriptiontext", "note"],
  ["bankinginstitutioncode", "payeedfspid"],
]);

const required: readonly Column[] = [
  "requestid",
  "payeeidentifiertype",
  "payeeidentifier",
  "amount",
  "currency",
];

/** Throws FileMistakes. */
export async function itemsOfCsv(pieces: AsyncIterable<string>): Promise<RawItem[]> {
  const items: RawItem[] = [];
  const mistakes: Mistake[] = [];
  let places: ReadonlyMap<Column, number> | undefined;
  let width = 0;
  try {
    for await (const { line, cells } of csvRows(pieces)) {
      if (!places) {
        places = placesOf(cells, line);
        width = cells.length;
      } else if (cells.length !== width) {
        mistakes.push({ line, field: "", reason: `has ${cells.length} cells; the heading has ${width}` });
      } else if (items.length === mostItems) {
        throw new FileMistakes([{ line, field: "", reason: `a batch has at most ${mostItems} payments` }]);
      } else items.push(itemOf(line, places, cells));
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const line = Number(/^line ([0-9]+)/.exec(error.message)?.[1] ?? 1);
    throw new FileMistakes([...mistakes, { line, field: "", reason: "a quote is never closed" }]);
  }
  if (mistakes.length > 0) throw new FileMistakes(mistakes);
  return items;
}

function placesOf(heading: readonly string[], line: number): ReadonlyMap<Column, number> {
  const places = new Map<Column, number>();
  const mistakes: Mistake[] = [];
  for (const [index, name] of heading.entries()) {
    const column = aliases.get(name.replaceAll(/[^A-Za-z]/g, "").toLowerCase());
    if (!column) continue;
    if (places.has(column)) mistakes.push({ line, field: name, reason: "is in the heading twice" });
    places.set(column, index);
  }
  for (const column of required)
    if (!places.has(column)) mistakes.push({ line, field: column, reason: "is not in the heading" });
  if (mistakes.length > 0) throw new FileMistakes(mistakes);
  return places;
}

function itemOf(line: number, places: ReadonlyMap<Column, number>, cells: readonly string[]): RawItem {
  const cell = (column: Column) => cells[places.get(column) ?? -1]?.trim() || undefined;
  const party = (key: string | undefined, value: string | undefined): Party[] =>
    key === undefined && value === undefined ? [] : [{ key: key ?? "", value: value ?? "" }];
  const institution = cell("payeedfspid");
  return {
    line,
    requestId: cell("requestid"),
    payee: [
      ...party(cell("payeeidentifiertype"), cell("payeeidentifier")),
      ...(institution === undefined ? [] : [{ key: "bankingInstitutionCode", value: institution }]),
    ],
    payer: party(cell("payeridentifiertype"), cell("payeridentifier")),
    paymentMode: cell("paymentmode"),
    amount: cell("amount"),
    currency: cell("currency"),
    description: cell("note"),
  };
}
