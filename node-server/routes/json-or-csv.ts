/** A report as JSON, or as CSV where `format` or `Accept` asks for it. */
import type { Context } from "hono";
import { toCsv } from "../csv.ts";
import type { Cell } from "../csv.ts";
import { Problem } from "../middleware/problem.ts";

/** The first of the rows is the head. Throws the 400 for another format. */
export function jsonOrCsv(c: Context, json: object, rows: readonly (readonly Cell[])[]): Response {
  const format = c.req.query("format") ?? (c.req.header("accept")?.includes("text/csv") ? "csv" : "json");
  if (format === "csv") return c.body(toCsv(rows), 200, { "content-type": "text/csv; charset=utf-8" });
  if (format === "json") return c.json(json);
  throw new Problem(400, "format must be json or csv", [{ field: "format", reason: "must be json or csv" }]);
}
