/** The leases that count, in SQLite: those of the load that the shape's head names. */
import type { Epoch } from "#sync/documents/lease.ts";
import type { NodeDatabase } from "../database.ts";

export interface HeldLease {
  readonly serial: bigint;
  readonly epoch: Epoch;
  readonly notAfterMs: number;
  readonly lease: Uint8Array;
  readonly token: string;
  /** When its row disappeared from the shape; null while it is there. */
  readonly withdrawnMs: number | null;
}

export interface AsideRow {
  readonly shape: string;
  readonly key: string;
  readonly problem: string;
}

export interface LeaseStorage {
  find(serial: bigint): HeldLease | undefined;
  /** Leases that have not run out at the given time, by serial, at most `limit`. */
  open(nowMs: number, limit: number): HeldLease[];
  countOpen(nowMs: number): number;
  /** Rows that failed their check. */
  aside(limit: number): AsideRow[];
}

interface LeaseRow {
  readonly serial: bigint;
  readonly epoch_generation: bigint;
  readonly epoch_n: bigint;
  readonly not_after_ms: bigint;
  readonly lease: Buffer;
  readonly token: string;
  readonly withdrawn_ms: bigint | null;
}

const counting = "load = (select load from shape_heads where name = 'leases')";

export function createLeaseStorage(database: NodeDatabase): LeaseStorage {
  const bySerial = database.prepare<[bigint], LeaseRow>(
    `select * from leases where ${counting} and serial = ?`,
  );
  const open = database.prepare<[number, number], LeaseRow>(
    `select * from leases where ${counting} and not_after_ms > ?
       and serial not in (select serial from redemptions where live = 1) order by serial limit ?`,
  );
  const count = database.prepare<[number], { count: bigint }>(
    `select count(*) as count from leases where ${counting} and not_after_ms > ?
       and serial not in (select serial from redemptions where live = 1)`,
  );
  const aside = database.prepare<[number], AsideRow>(
    "select shape, key, problem from rows_aside order by shape, key limit ?",
  );
  return {
    find(serial) {
      const row = bySerial.get(serial);
      return row && rowToLease(row);
    },
    open: (nowMs, limit) => open.all(nowMs, limit).map(rowToLease),
    countOpen: (nowMs) => Number(count.get(nowMs)?.count ?? 0n),
    aside: (limit) => aside.all(limit),
  };
}

function rowToLease(row: LeaseRow): HeldLease {
  return {
    serial: row.serial,
    epoch: { generation: Number(row.epoch_generation), n: Number(row.epoch_n) },
    notAfterMs: Number(row.not_after_ms),
    lease: Uint8Array.from(row.lease),
    token: row.token,
    withdrawnMs: row.withdrawn_ms === null ? null : Number(row.withdrawn_ms),
  };
}
