/** The stock of a caller's vouchers (GovStack vouchers, "Stock report"), as JSON or CSV. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import type { StockRow } from "../postgres/report-rows.ts";
import { jsonOrCsv } from "./json-or-csv.ts";

export interface StockRouteDependencies {
  readonly readStock: (institutionId: string) => Promise<readonly StockRow[]>;
}

export function stockRoutes({ readStock }: StockRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.get("/vouchers/stock", async (c) => {
    const stock = await readStock(c.get("institutionId"));
    const rows = stock.map((row) => [row.groupCode, row.currency, row.state, row.quantity, formatMajor(row)]);
    const head = ["groupCode", "currency", "state", "quantity", "value"];
    return jsonOrCsv(c, { stock: stock.map(published) }, [head, ...rows]);
  });
  return routes;
}

function published(row: StockRow) {
  const { groupCode, currency, state, quantity } = row;
  return { groupCode, currency, state, quantity: Number(quantity), value: rawNumber(formatMajor(row)) };
}
