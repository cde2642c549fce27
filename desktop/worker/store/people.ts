/** Who may work at this till, in SQLite. Whoever is removed keeps the name: the history must not mix two people. */
import type { Role } from "../../protocol.ts";
import type { NodeDatabase } from "../database.ts";

export interface StoredCashier {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly salt: Uint8Array;
  readonly pinHash: Uint8Array;
  readonly wrongPins: number;
  readonly waitUntilMs: number;
}

export interface PeopleStorage {
  /** Those who are not removed, by name. */
  list(): StoredCashier[];
  /** Undefined for one who is removed. */
  find(id: number): StoredCashier | undefined;
  /** False when somebody has that name, or had it. */
  add(cashier: Pick<StoredCashier, "name" | "role" | "salt" | "pinHash">): boolean;
  remove(id: number, nowMs: number): void;
  /** Forgets the wrong PINs as well. */
  setPin(id: number, pin: Pick<StoredCashier, "salt" | "pinHash">): void;
  noteWrongPin(id: number, waitUntilMs: number): void;
  forgetWrongPins(id: number): void;
}

interface CashierRow {
  readonly id: bigint;
  readonly name: string;
  readonly role: Role;
  readonly salt: Buffer;
  readonly pin_hash: Buffer;
  readonly wrong_pins: bigint;
  readonly wait_until_ms: bigint;
}

export function createPeopleStorage(database: NodeDatabase): PeopleStorage {
  const all = database.prepare<[], CashierRow>(
    "select * from cashiers where removed_ms is null order by name",
  );
  const byId = database.prepare<[number], CashierRow>(
    "select * from cashiers where id = ? and removed_ms is null",
  );
  const insert = database.prepare(
    "insert into cashiers (name, role, salt, pin_hash) values (?, ?, ?, ?) on conflict do nothing",
  );
  const remove = database.prepare("update cashiers set removed_ms = ? where id = ? and removed_ms is null");
  const pin = database.prepare(
    "update cashiers set salt = ?, pin_hash = ?, wrong_pins = 0, wait_until_ms = 0 where id = ?",
  );
  const wrong = database.prepare(
    "update cashiers set wrong_pins = wrong_pins + 1, wait_until_ms = ? where id = ?",
  );
  const right = database.prepare("update cashiers set wrong_pins = 0, wait_until_ms = 0 where id = ?");
  return {
    list: () => all.all().map(rowToCashier),
    find(id) {
      const row = byId.get(id);
      return row && rowToCashier(row);
    },
    add: ({ name, role, salt, pinHash }) => insert.run(name, role, salt, pinHash).changes === 1,
    remove: (id, nowMs) => void remove.run(nowMs, id),
    setPin: (id, { salt, pinHash }) => void pin.run(salt, pinHash, id),
    noteWrongPin: (id, waitUntilMs) => void wrong.run(waitUntilMs, id),
    forgetWrongPins: (id) => void right.run(id),
  };
}

function rowToCashier(row: CashierRow): StoredCashier {
  return {
    id: Number(row.id),
    name: row.name,
    role: row.role,
    salt: Uint8Array.from(row.salt),
    pinHash: Uint8Array.from(row.pin_hash),
    wrongPins: Number(row.wrong_pins),
    waitUntilMs: Number(row.wait_until_ms),
  };
}
