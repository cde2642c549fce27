/** Items that come as CSV (RFC 4180) in place of JSON: a heading with the fields' names, then a line for each item. */
import type { z } from "@hono/zod-openapi";
import { mostBodyBytes } from "../middleware/body.ts";
import { Problem } from "../middleware/problem.ts";
import type { FieldError } from "../middleware/problem.ts";
import { csvRows } from "../read-csv.ts";
import type { CsvRow } from "../read-csv.ts";
import type { Caller } from "./caller-request.ts";

/** Throws a 400 Problem that names line and field of what is wrong, or 413. Empty cells are fields left out. */
export async function readCsvItems<T>(c: Caller, schema: z.ZodType<T>, most: number): Promise<T[]> {
  const text = (await c.req.text()).replace(/^\uFEFF/, "");
  if (text.length > mostBodyBytes) throw new Problem(413, `The body is larger than ${mostBodyBytes} bytes`);
  const [head, ...rows] = await rowsOf(text);
  if (!head || rows.length === 0) throw new Problem(400, "The file needs a heading and a line below it");
  if (rows.length > most) throw new Problem(413, `The file has more than ${most} lines`);
  const errors: FieldError[] = [];
  const items = rows.flatMap(({ line, cells }) => {
    const filled = head.cells.map((name, index) => [name.trim(), cells[index]?.trim() ?? ""] as const);
    const parsed = schema.safeParse(Object.fromEntries(filled.filter(([, cell]) => cell !== "")));
    if (parsed.success && cells.length <= head.cells.length) return [parsed.data];
    const issues = parsed.success
      ? [{ field: `line ${line}`, reason: "has more cells than the heading" }]
      : parsed.error.issues.map(({ path, message }) => ({
          field: `line ${line}, ${path.join(".")}`,
          reason: message,
        }));
    errors.push(...issues);
    return [];
  });
  if (errors.length > 0)
    throw new Problem(400, `${errors[0]?.field}: ${errors[0]?.reason}`, errors.slice(0, 100));
  return items;
}

async function rowsOf(text: string): Promise<CsvRow[]> {
  if (text.includes("\0") || !text.isWellFormed()) throw new Problem(400, "The file is no text");
  try {
    const rows: CsvRow[] = [];
    for await (const row of csvRows(pieces(text))) rows.push(row);
    return rows;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Problem(400, error.message);
    throw error;
  }
}

async function* pieces(text: string): AsyncGenerator<string> {
  yield text;
}
