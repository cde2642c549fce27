/** Writing CSV (RFC 4180) that a spreadsheet opens without running anything in it. */

export type Cell = string | number | bigint | null;

/** Rows of cells, the first of them the head, with CRLF after each. */
export function toCsv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** A text that begins like a formula gets an apostrophe before it: spreadsheets would calculate it. */
function cell(value: Cell): string {
  const text = value === null ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
