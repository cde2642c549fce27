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
  /** Since when the server asks for it back. */
  readonly recalledMs: number | null;
}

export interface NewRelease {
  readonly sequence: number;
  readonly serial: bigint;
  readonly epoch: Epoch;
  readonly cause: "asked" | "recalled";
}

/** A voucher that another till of the same merchant holds. It comes unsigned: nothing is allowed because of it. */
export interface HeldElsewhere {
  readonly till: string;
  readonly notAfterMs: number;
}

export interface AsideRow {
  readonly shape: string;
  readonly key: string;
  readonly problem: string;
}

export interface LeaseStorage {
  find(serial: bigint): HeldLease | undefined;
  /** Leases that have not run out at the given time and were neither used nor given back, by serial, at most `limit`. */
  open(nowMs: number, limit: number): HeldLease[];
  countOpen(nowMs: number): number;
  /** Serials that the server asks for and that were neither redeemed here nor given back, those asked for first before the others. */
  recalled(limit: number): bigint[];
  /** Serials of leases that end within the time and were not asked about since, those that end first before the others. */
  due(
    when: { readonly nowMs: number; readonly withinMs: number; readonly askedBeforeMs: number },
    limit: number,
  ): bigint[];
  /** Notes that the server was asked to renew them. */
  noteAsked(serials: readonly bigint[], nowMs: number): void;
  /** Throws when the voucher has a live redemption, or this lease was given back before. */
  giveBack(release: NewRelease): void;
  isGivenBack(serial: bigint, epoch: Epoch): boolean;
  /** In order of their operations, at most `limit`. */
  givenBack(limit: number): NewRelease[];
  elsewhere(serial: bigint): HeldElsewhere | undefined;
  /** The signed lease that a redemption relies on, where it is kept and of an earlier generation than the given one. */
  documentFor(sequence: number, generation: number): Uint8Array | undefined;
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
  readonly recalled_ms: bigint | null;
}

interface ReleaseRow {
  readonly sequence: bigint;
  readonly serial: bigint;
  readonly epoch_generation: bigint;
  readonly epoch_n: bigint;
  readonly cause: "asked" | "recalled";
}

const counting = "load = (select load from shape_heads where name = 'leases')";
const unused = `serial not in (select serial from redemptions where live = 1)
  and not exists (select 1 from bill_payments p where p.serial = leases.serial and p.live = 1)
  and not exists (select 1 from releases r where r.serial = leases.serial
    and r.epoch_generation = leases.epoch_generation and r.epoch_n = leases.epoch_n)`;

export function createLeaseStorage(database: NodeDatabase): LeaseStorage {
  const bySerial = database.prepare<[bigint], LeaseRow>(
    `select * from leases where ${counting} and serial = ?`,
  );
  const open = database.prepare<[number, number], LeaseRow>(
    `select * from leases where ${counting} and not_after_ms > ? and ${unused}
     order by serial limit ?`,
  );
  const count = database.prepare<[number], { count: bigint }>(
    `select count(*) as count from leases where ${counting} and not_after_ms > ? and ${unused}`,
  );
  const recalled = database.prepare<[number], { serial: bigint }>(
    `select serial from leases where ${counting} and recalled_ms is not null and withdrawn_ms is null and ${unused}
     order by recalled_ms, serial limit ?`,
  );
  const due = database.prepare<
    [{ now: number; until: number; asked: number; limit: number }],
    { serial: bigint }
  >(
    `select serial from leases where ${counting} and not_after_ms > @now and not_after_ms <= @until
       and recalled_ms is null and withdrawn_ms is null and coalesce(asked_ms, 0) < @asked and ${unused}
     order by not_after_ms, serial limit @limit`,
  );
  const noteAsked = database.prepare(`update leases set asked_ms = ? where ${counting} and serial = ?`);
  const release = database.prepare(
    `insert into releases (sequence, serial, epoch_generation, epoch_n, cause)
     values (@sequence, @serial, @generation, @n, @cause)`,
  );
  const released = database.prepare<[bigint, number, number], { sequence: bigint }>(
    "select sequence from releases where serial = ? and epoch_generation = ? and epoch_n = ?",
  );
  const releases = database.prepare<[number], ReleaseRow>("select * from releases order by sequence limit ?");
  const elsewhere = database.prepare<[bigint], { till: string; not_after_ms: bigint }>(
    `select till, not_after_ms from elsewhere
     where load = (select load from shape_heads where name = 'elsewhere') and serial = ?`,
  );
  const relied = database.prepare<[number, number], { lease: Buffer }>(
    `select l.lease from redemptions r join leases l
       on l.serial = r.serial and l.epoch_generation = r.epoch_generation and l.epoch_n = r.epoch_n
     where r.sequence = ? and r.epoch_generation < ? order by l.load desc limit 1`,
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
    recalled: (limit) => recalled.all(limit).map(({ serial }) => serial),
    due: ({ nowMs, withinMs, askedBeforeMs }, limit) =>
      due
        .all({ now: nowMs, until: nowMs + withinMs, asked: askedBeforeMs, limit })
        .map(({ serial }) => serial),
    noteAsked: (serials, nowMs) =>
      database.transaction(() => serials.forEach((serial) => noteAsked.run(nowMs, serial))).immediate(),
    giveBack({ epoch, ...given }) {
      release.run({ ...given, generation: epoch.generation, n: epoch.n });
    },
    isGivenBack: (serial, epoch) => released.get(serial, epoch.generation, epoch.n) !== undefined,
    givenBack: (limit) =>
      releases.all(limit).map((row) => ({
        sequence: Number(row.sequence),
        serial: row.serial,
        epoch: { generation: Number(row.epoch_generation), n: Number(row.epoch_n) },
        cause: row.cause,
      })),
    elsewhere(serial) {
      const row = elsewhere.get(serial);
      return row && { till: row.till, notAfterMs: Number(row.not_after_ms) };
    },
    documentFor(sequence, generation) {
      const row = relied.get(sequence, generation);
      return row && Uint8Array.from(row.lease);
    },
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
    recalledMs: row.recalled_ms === null ? null : Number(row.recalled_ms),
  };
}
