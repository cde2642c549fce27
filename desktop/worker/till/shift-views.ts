/** A shift as the page gets it: its own totals, and its drawer. */
import { formatMajor } from "#core/money.ts";
import type { Cash, CashMove, Shift } from "../../protocol.ts";
import type { NodeStores } from "../open.ts";
import type { CashSums, StoredMove } from "../store/shifts.ts";
import { amountView, standingTotals } from "./views.ts";

export function shiftView({ shifts, history }: NodeStores, id: number): Shift {
  const shift = shifts.find(id);
  if (!shift) throw new Error(`no shift ${id}`);
  const { cashier, openedMs, closedMs } = shift;
  const totals = standingTotals(history.sumsOfShift(id));
  return { id, cashier, openedMs, closedMs, totals, cash: shifts.cash(id).map(cashView) };
}

export function moveView({ direction, note, atMs, ...money }: StoredMove): CashMove {
  return { direction, note, atMs, ...amountView(money) };
}

export function cashView(sums: CashSums): Cash {
  const { currency, openingMinor, putInMinor, takenOutMinor, paidOutMinor, feesMinor, countedMinor } = sums;
  const { forBillsMinor, givenBackMinor } = sums;
  const major = (amountMinor: bigint) => formatMajor({ amountMinor, currency });
  const expectedMinor =
    openingMinor + putInMinor - takenOutMinor - paidOutMinor + forBillsMinor - givenBackMinor;
  return {
    currency,
    opening: major(openingMinor),
    putIn: major(putInMinor),
    takenOut: major(takenOutMinor),
    paidOut: major(paidOutMinor),
    fees: major(feesMinor),
    forBills: major(forBillsMinor),
    givenBack: major(givenBackMinor),
    expected: major(expectedMinor),
    counted: countedMinor === null ? null : major(countedMinor),
    difference: countedMinor === null ? null : major(countedMinor - expectedMinor),
  };
}
