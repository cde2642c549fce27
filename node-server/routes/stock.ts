/** The stock of a caller's vouchers (GovStack vouchers, "Stock report"), as JSON or CSV. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import { toCsv } from "../csv.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { Problem } from "../middleware/problem.ts";
import type { StockRow } from "../postgres/report-rows.ts";

export interface StockRouteDependencies {
  readonly readStock: (institutionId: string) => Promise<readonly StockRow[]>;
}

export function stockRoutes({ readStock }: StockRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.get("/vouchers/stock", async (c) => {
    const format = c.req.query("format") ?? (c.req.header("accept")?.includes("text/csv") ? "csv" : "json");
    if (format !== "json" && format !== "csv")
      throw new Problem(400, "format must be json or csv", [
        { field: "format", reason: "must be json or csv" },
      ]);
    const stock = await readStock(c.get("institutionId"));
    if (format === "json") return c.json({ stock: stock.map(published) });
    const rows = stock.map((row) => [row.groupCode, row.currency, row.state, row.quantity, formatMajor(row)]);
    const csv = toCsv([["groupCode", "currency", "state", "quantity", "value"], ...rows]);
    return c.body(csv, 200, { "content-type": "text/csv; charset=utf-8" });
  });
  return routes;
}

function published(row: StockRow) {
  const { groupCode, currency, state, quantity } = row;
  return { groupCode, currency, state, quantity: Number(quantity), value: rawNumber(formatMajor(row)) };
}
