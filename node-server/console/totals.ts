/** What a list adds up to, as its chart shows it. */
import { z } from "zod";
import type { Total } from "../postgres/console/page-of.ts";
import { count, money, shownMoney } from "./shown.ts";

export const totals = z.object({
  /** In each currency, of everything. */
  sums: z.array(z.object({ quantity: count, amount: money })),
  /** The newest or last label first. `of`: what the quantity is a part of. */
  bars: z.array(z.object({ label: z.string(), quantity: count, of: count.nullable(), amount: money })),
});

export function shownTotals(rows: readonly Total[]): z.input<typeof totals> {
  const shown = rows.map(({ label, quantity, of, ...sum }) => ({
    label,
    quantity: Number(quantity),
    of: of === null ? null : Number(of),
    amount: shownMoney(sum),
  }));
  return {
    sums: shown.filter(({ label }) => label === null).map(({ quantity, amount }) => ({ quantity, amount })),
    bars: shown.flatMap(({ label, ...bar }) => (label === null ? [] : { label, ...bar })),
  };
}
