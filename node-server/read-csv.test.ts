import * as fc from "fast-check";
import { expect, test } from "vitest";
import { csvLine, csvRows } from "./read-csv.ts";

test("rows that were written are read again, in whatever pieces they come", async () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "é", ",", ";", '"', "\n", " ") });
  const row = fc.tuple(fc.constant("id"), cell, cell);
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1 }),
      fc.integer({ min: 1, max: 9 }),
      async (rows, length) => {
        const read = await cellsOf(rows.map(csvLine).join(""), length);
        expect(read).toEqual(rows);
      },
    ),
  );
});

test("a heading with semicolons says what separates the cells; a quoted newline is part of its cell", async () => {
  expect(await cellsOf('a;b\r\n"1;2";"3\r\n4"\r\n\r\n5;6')).toEqual([
    ["a", "b"],
    ["1;2", "3\r\n4"],
    ["5", "6"],
  ]);
});

test("each row knows its line", async () => {
  const lines: number[] = [];
  for await (const { line } of csvRows(piecesOf('a,b\n"1\n2",3\n\n4,5\n', 3))) lines.push(line);
  expect(lines).toEqual([1, 2, 5]);
});

test.each(['a,b\n"1,2\n', `a,b\n"1,${"x\n".repeat(40_000)}`])(
  "a quote that is never closed is told with its line",
  async (text) => {
    await expect(cellsOf(text)).rejects.toThrow("line 2: a quote is never closed");
  },
);

async function cellsOf(text: string, length = text.length): Promise<(readonly string[])[]> {
  const rows: (readonly string[])[] = [];
  for await (const { cells } of csvRows(piecesOf(text, length))) rows.push(cells);
  return rows;
}

async function* piecesOf(text: string, length: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += length) yield text.slice(start, start + length);
}
