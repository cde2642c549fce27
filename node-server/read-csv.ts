/** Comma-separated values (RFC 4180), read as a stream; a file whose heading has semicolons is split at these. */

export interface CsvRow {
  /** Of the line that the row begins in, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const mostRowCharacters = 65_536;

/** Rows of text that comes in pieces. Empty lines are left out. Throws SyntaxError with the line for an open quote. */
export async function* csvRows(pieces: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  let separator: string | undefined;
  let open = "";
  let line = 1;
  for await (const record of recordsOf(pieces)) {
    open += record.text;
    if (quotesOf(open) % 2 === 1) {
      if (record.isLast || open.length > mostRowCharacters)
        throw new SyntaxError(`line ${line}: a quote is never closed`);
      open += "\n";
      continue;
    }
    separator ??= open.includes(";") && !open.includes(",") ? ";" : ",";
    const text = open.endsWith("\r") ? open.slice(0, -1) : open;
    if (text !== "") yield { line, cells: cellsOf(text, separator) };
    line = record.line + 1;
    open = "";
  }
}

export function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  return `${quoted.join(",")}\n`;
}

async function* recordsOf(
  pieces: AsyncIterable<string>,
): AsyncGenerator<{ readonly text: string; readonly line: number; readonly isLast: boolean }> {
  let rest = "";
  let line = 0;
  for await (const piece of pieces) {
    const parts = (rest + piece).split("\n");
    rest = parts.pop() ?? "";
    for (const text of parts) {
      line += 1;
      yield { text, line, isLast: false };
    }
  }
  yield { text: rest, line: line + 1, isLast: true };
}

function quotesOf(text: string): number {
  return text.split('"').length - 1;
}

function cellsOf(text: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === '"') {
      if (quoted && text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = !quoted;
    } else if (character === separator && !quoted) {
      cells.push(cell);
      cell = "";
    } else cell += character;
  }
  return [...cells, cell];
}
