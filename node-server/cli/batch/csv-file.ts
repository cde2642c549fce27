/** The rows of a CSV file as records, by the columns that its first line names. */
import { createReadStream } from "node:fs";
import { csvRows } from "../../read-csv.ts";

export interface CsvColumns {
  readonly columns: readonly string[];
  readonly required: readonly string[];
}

/** An empty optional cell is left out. Throws SyntaxError with the line of a mistake. */
export async function* csvRecords(
  path: string,
  wanted: CsvColumns,
): AsyncGenerator<{ readonly line: number; readonly record: Readonly<Record<string, string>> }> {
  let headings: readonly string[] | undefined;
  for await (const { line, cells } of csvRows(textOf(path))) {
    if (!headings) {
      headings = headingsOf(cells, wanted);
      continue;
    }
    if (cells.length !== headings.length)
      throw new SyntaxError(`line ${line} has ${cells.length} columns, not ${headings.length}`);
    const pairs = headings.map((name, index) => [name, (cells[index] ?? "").trim()] as const);
    const given = pairs.filter(([name, value]) => value !== "" || wanted.required.includes(name));
    yield { line, record: Object.fromEntries(given) };
  }
}

function headingsOf(cells: readonly string[], { columns, required }: CsvColumns): readonly string[] {
  const names = cells.map((cell) => {
    const name = columns.find((column) => column.toLowerCase() === cell.trim().toLowerCase());
    if (name === undefined)
      throw new SyntaxError(`line 1: ${cell} is no column; there are ${columns.join(", ")}`);
    return name;
  });
  const missing = required.find((name) => !names.includes(name));
  if (missing !== undefined) throw new SyntaxError(`line 1: the column ${missing} is missing`);
  return names;
}

async function* textOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const piece of createReadStream(path))
      yield decoder.decode(piece as Uint8Array, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new SyntaxError("the file is not UTF-8");
    throw error;
  }
}
