/** Who may work at this till, and their shifts, in SQLite. */
import type { NodeDatabase } from "../database.ts";

export interface StoredCashier {
  readonly id: number;
  readonly name: string;
  readonly salt: Uint8Array;
  readonly pinHash: Uint8Array;
  readonly wrongPins: number;
  readonly waitUntilMs: number;
}

export interface PeopleStorage {
  /** By name. */
  list(): StoredCashier[];
  find(id: number): StoredCashier | undefined;
  /** False when somebody has that name. */
  add(cashier: Pick<StoredCashier, "name" | "salt" | "pinHash">): boolean;
  noteWrongPin(id: number, waitUntilMs: number): void;
  forgetWrongPins(id: number): void;
  /** Opens a shift unless one is open. Returns since when it is. */
  openShift(cashier: number, nowMs: number): number;
  closeShift(cashier: number, nowMs: number): void;
}

interface CashierRow {
  readonly id: bigint;
  readonly name: string;
  readonly salt: Buffer;
  readonly pin_hash: Buffer;
  readonly wrong_pins: bigint;
  readonly wait_until_ms: bigint;
}

export function createPeopleStorage(database: NodeDatabase): PeopleStorage {
  const all = database.prepare<[], CashierRow>("select * from cashiers order by name");
  const byId = database.prepare<[number], CashierRow>("select * from cashiers where id = ?");
  const insert = database.prepare(
    "insert into cashiers (name, salt, pin_hash) values (?, ?, ?) on conflict do nothing",
  );
  const wrong = database.prepare(
    "update cashiers set wrong_pins = wrong_pins + 1, wait_until_ms = ? where id = ?",
  );
  const right = database.prepare("update cashiers set wrong_pins = 0, wait_until_ms = 0 where id = ?");
  const open = database.prepare(
    "insert into shifts (cashier, opened_ms) values (?, ?) on conflict do nothing",
  );
  const since = database.prepare<[number], { opened_ms: bigint }>(
    "select opened_ms from shifts where cashier = ? and closed_ms is null",
  );
  const close = database.prepare(
    "update shifts set closed_ms = max(opened_ms, ?) where cashier = ? and closed_ms is null",
  );
  return {
    list: () => all.all().map(rowToCashier),
    find(id) {
      const row = byId.get(id);
      return row && rowToCashier(row);
    },
    add: ({ name, salt, pinHash }) => insert.run(name, salt, pinHash).changes === 1,
    noteWrongPin: (id, waitUntilMs) => void wrong.run(waitUntilMs, id),
    forgetWrongPins: (id) => void right.run(id),
    openShift(cashier, nowMs) {
      open.run(cashier, nowMs);
      return Number(since.get(cashier)?.opened_ms ?? nowMs);
    },
    closeShift: (cashier, nowMs) => void close.run(nowMs, cashier),
  };
}

function rowToCashier(row: CashierRow): StoredCashier {
  return {
    id: Number(row.id),
    name: row.name,
    salt: Uint8Array.from(row.salt),
    pinHash: Uint8Array.from(row.pin_hash),
    wrongPins: Number(row.wrong_pins),
    waitUntilMs: Number(row.wait_until_ms),
  };
}
