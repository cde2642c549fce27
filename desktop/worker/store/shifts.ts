/** Shifts and their cash, in SQLite. What was paid out, taken for bills and given back is the operations' own word. */
import type { Money } from "#core/money.ts";
import type { NodeDatabase } from "../database.ts";

export interface StoredShift {
  readonly id: number;
  readonly cashier: string;
  readonly openedMs: number;
  readonly closedMs: number | null;
}

export interface CashSums {
  readonly currency: string;
  readonly openingMinor: bigint;
  readonly putInMinor: bigint;
  readonly takenOutMinor: bigint;
  /** Handed to beneficiaries. */
  readonly paidOutMinor: bigint;
  readonly feesMinor: bigint;
  /** Taken for bills, and of that given back. */
  readonly forBillsMinor: bigint;
  readonly givenBackMinor: bigint;
  /** Null where nobody counted. */
  readonly countedMinor: bigint | null;
}

export interface ShiftStorage {
  /** The cashier's open shift, or a new one. */
  open(cashier: number, nowMs: number): StoredShift;
  find(id: number): StoredShift | undefined;
  close(id: number, nowMs: number): void;
  closeOf(cashier: number, nowMs: number): void;
  /** Shifts that were open in that time, the newest first, at most `limit`. */
  list(fromMs: number, untilMs: number, limit: number): StoredShift[];
  /** By currency, as far as any was named or paid out. */
  cash(shift: number): CashSums[];
  /** Replaces what was said before. */
  setOpening(shift: number, cash: readonly Money[], nowMs: number): void;
  setCounted(shift: number, cash: readonly Money[], nowMs: number): void;
  move(shift: number, kind: "in" | "out", money: Money, note: string, nowMs: number): void;
  /** The newest first, at most `limit`. */
  moves(shift: number, limit: number): StoredMove[];
}

export interface StoredMove extends Money {
  readonly direction: "in" | "out";
  readonly note: string;
  readonly atMs: number;
}

interface MoveRow {
  readonly kind: "in" | "out";
  readonly currency: string;
  readonly amount_minor: bigint;
  readonly note: string;
  readonly at_ms: bigint;
}

interface ShiftRow {
  readonly id: bigint;
  readonly name: string;
  readonly opened_ms: bigint;
  readonly closed_ms: bigint | null;
}

interface CashRow {
  readonly currency: string;
  readonly opening: bigint;
  readonly put_in: bigint;
  readonly taken_out: bigint;
  readonly paid_out: bigint;
  readonly fees: bigint;
  readonly for_bills: bigint;
  readonly given_back: bigint;
  readonly counted: bigint | null;
}

const shift =
  "select s.id, c.name, s.opened_ms, s.closed_ms from shifts s join cashiers c on c.id = s.cashier";

// Cash leaves the drawer with the till's own word; asked for online, with the server's.
const cashOfShift = `
  with told as (
    select currency,
      sum(case kind when 'opening' then amount_minor else 0 end) as opening,
      sum(case kind when 'in' then amount_minor else 0 end) as put_in,
      sum(case kind when 'out' then amount_minor else 0 end) as taken_out,
      sum(case kind when 'counted' then amount_minor end) as counted
    from shift_cash where shift = @shift group by currency),
  paid as (
    select currency, sum(amount_minor - cash_fee_minor) as paid_out, sum(cash_fee_minor) as fees
    from redemptions join operations using (sequence)
    where shift = @shift and cash_fee_minor is not null and (mode <> 'online' or state = 'applied')
    group by currency),
  taken as (
    select currency, sum(amount_minor) as for_bills from bill_payments
    where shift = @shift and serial is null group by currency),
  returned as (
    select currency, sum(amount_minor) as given_back from bill_refunds where shift = @shift group by currency)
  select currency, coalesce(for_bills, 0) as for_bills, coalesce(given_back, 0) as given_back, coalesce(opening, 0) as opening, coalesce(put_in, 0) as put_in,
    coalesce(taken_out, 0) as taken_out, coalesce(paid_out, 0) as paid_out, coalesce(fees, 0) as fees, counted
  from told full join paid using (currency) full join taken using (currency)
    full join returned using (currency) order by currency`;

export function createShiftStorage(database: NodeDatabase): ShiftStorage {
  const insert = database.prepare(
    "insert into shifts (cashier, opened_ms) values (?, ?) on conflict do nothing",
  );
  const openOf = database.prepare<[number], ShiftRow>(`${shift} where s.cashier = ? and s.closed_ms is null`);
  const byId = database.prepare<[number], ShiftRow>(`${shift} where s.id = ?`);
  const between = database.prepare<[number, number, number], ShiftRow>(
    `${shift} where s.opened_ms < ? and coalesce(s.closed_ms, 9e18) >= ? order by s.opened_ms desc, s.id desc limit ?`,
  );
  const end = database.prepare(
    "update shifts set closed_ms = max(opened_ms, ?) where id = ? and closed_ms is null",
  );
  const endOf = database.prepare(
    "update shifts set closed_ms = max(opened_ms, ?) where cashier = ? and closed_ms is null",
  );
  const cash = database.prepare<[{ shift: number }], CashRow>(cashOfShift);
  const say = database.prepare(
    "insert into shift_cash (shift, kind, currency, amount_minor, note, at_ms) values (?, ?, ?, ?, ?, ?)",
  );
  const moves = database.prepare<[number, number], MoveRow>(
    `select kind, currency, amount_minor, note, at_ms from shift_cash
     where shift = ? and kind in ('in', 'out') order by rowid desc limit ?`,
  );
  const unsay = database.prepare("delete from shift_cash where shift = ? and kind = ?");
  const replace = (id: number, kind: "opening" | "counted", told: readonly Money[], nowMs: number) =>
    database
      .transaction(() => {
        unsay.run(id, kind);
        for (const { currency, amountMinor } of told) say.run(id, kind, currency, amountMinor, "", nowMs);
      })
      .immediate();
  return {
    open(cashier, nowMs) {
      insert.run(cashier, nowMs);
      const row = openOf.get(cashier);
      if (!row) throw new Error(`no shift of cashier ${cashier}`);
      return rowToShift(row);
    },
    find(id) {
      const row = byId.get(id);
      return row && rowToShift(row);
    },
    close: (id, nowMs) => void end.run(nowMs, id),
    closeOf: (cashier, nowMs) => void endOf.run(nowMs, cashier),
    list: (fromMs, untilMs, limit) => between.all(untilMs, fromMs, limit).map(rowToShift),
    cash: (id) => cash.all({ shift: id }).map(rowToCash),
    setOpening: (id, told, nowMs) => replace(id, "opening", told, nowMs),
    setCounted: (id, told, nowMs) => replace(id, "counted", told, nowMs),
    move: (id, kind, { currency, amountMinor }, note, nowMs) =>
      void say.run(id, kind, currency, amountMinor, note, nowMs),
    moves: (id, limit) =>
      moves.all(id, limit).map(({ kind: direction, currency, amount_minor, note, at_ms }) => ({
        direction,
        currency,
        amountMinor: amount_minor,
        note,
        atMs: Number(at_ms),
      })),
  };
}

function rowToShift(row: ShiftRow): StoredShift {
  return {
    id: Number(row.id),
    cashier: row.name,
    openedMs: Number(row.opened_ms),
    closedMs: row.closed_ms === null ? null : Number(row.closed_ms),
  };
}

function rowToCash(row: CashRow): CashSums {
  return {
    currency: row.currency,
    openingMinor: row.opening,
    putInMinor: row.put_in,
    takenOutMinor: row.taken_out,
    paidOutMinor: row.paid_out,
    feesMinor: row.fees,
    forBillsMinor: row.for_bills,
    givenBackMinor: row.given_back,
    countedMinor: row.counted,
  };
}
