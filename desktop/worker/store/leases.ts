/** The leases that count, in SQLite: those of the load that the shape's head names. */
import type { Epoch } from "#sync/documents/lease.ts";
import { fromBase64, toBase64 } from "#sync/base64.ts";
import type { ArrivedLease } from "#sync/ports/shape-storage.ts";
import { decodeVoucherToken, textToToken } from "#sync/documents/voucher-token.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { NodeDatabase } from "../database.ts";
import { createArrivalStorage } from "./arrivals.ts";
import { openText, sealText } from "../vault.ts";
import type { Vault } from "../vault.ts";

export interface LeaseSummary {
  readonly serial: bigint;
  readonly epoch: Epoch;
  readonly notAfterMs: number;
  /** The voucher's; null while the lease was not looked at, and of rows that an earlier version wrote and no key has been at since. */
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  /** When its row disappeared from the shape; null while it is there. */
  readonly withdrawnMs: number | null;
  /** Since when the server asks for it back. */
  readonly recalledMs: number | null;
  /** A redemption under this very lease was rejected: it serves no other, and can only be given back. */
  readonly spent: boolean;
}

export interface HeldLease extends LeaseSummary {
  readonly lease: Uint8Array;
  readonly token: string;
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
  /** Throws VaultLockedError while the key is not there; so does `documentFor`. */
  find(serial: bigint): HeldLease | undefined;
  /**
   * Leases that have not run out at the given time and were neither used nor given back, by serial, at most `limit`: those
   * that the server still has are among them though they are spent.
   */
  open(nowMs: number, limit: number): LeaseSummary[];
  /** Of those how many can be redeemed under. */
  countOpen(nowMs: number): number;
  /** Of the open ones those whose serial holds the digits, by serial, after the given one. */
  searchOpen(nowMs: number, digits: string, after: bigint, limit: number): LeaseSummary[];
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
  countAside(): number;
  countRecalled(): number;
  /** Seals what an earlier version left in clear. */
  sealRest(): void;
}

interface LeaseRow {
  readonly serial: bigint;
  readonly epoch_generation: bigint;
  readonly epoch_n: bigint;
  readonly not_after_ms: bigint;
  readonly amount_minor: bigint | null;
  readonly currency: string | null;
  readonly withdrawn_ms: bigint | null;
  readonly recalled_ms: bigint | null;
  readonly spent: bigint;
}

interface Material {
  readonly serial: bigint;
  /** Where it lies until its signatures are looked at. */
  readonly arrival: bigint | null;
  readonly sealed: Buffer | null;
  readonly lease: Buffer | null;
  readonly token: string | null;
}

interface ReleaseRow {
  readonly sequence: bigint;
  readonly serial: bigint;
  readonly epoch_generation: bigint;
  readonly epoch_n: bigint;
  readonly cause: "asked" | "recalled";
}

/** The rows of the load that counts. */
export const counting = "load = (select load from shape_heads where name = 'leases')";
const unused = `serial not in (select serial from redemptions where live = 1)
  and not exists (select 1 from bill_payments p where p.serial = leases.serial and p.live = 1)
  and not exists (select 1 from releases r where r.serial = leases.serial
    and r.epoch_generation = leases.epoch_generation and r.epoch_n = leases.epoch_n)`;

const spent = `exists (select 1 from redemptions ended where ended.live = 0 and ended.serial = leases.serial
  and ended.epoch_generation = leases.epoch_generation and ended.epoch_n = leases.epoch_n)`;

export function createLeaseStorage(database: NodeDatabase, vault: Vault): LeaseStorage {
  const arrivals = createArrivalStorage(database, vault);
  const bySerial = database.prepare<[bigint], LeaseRow & Material>(
    `select *, ${spent} as spent from leases where ${counting} and serial = ?`,
  );
  const open = database.prepare<[number, number], LeaseRow>(
    `select *, ${spent} as spent from leases where ${counting} and not_after_ms > ? and ${unused}
       and not (withdrawn_ms is not null and ${spent}) order by serial limit ?`,
  );
  const searchOpen = database.prepare<[number, bigint, string, number], LeaseRow>(
    `select *, ${spent} as spent from leases where ${counting} and not_after_ms > ? and serial > ?
       and instr(printf('%010d', serial), ?) > 0 and ${unused}
       and not (withdrawn_ms is not null and ${spent}) order by serial limit ?`,
  );
  // Counted are the ends of leases, in an index, less the few that were used: no row of a lease is read.
  const count = database.prepare<[{ now: number }], { count: bigint }>(
    `select (select count(*) from leases where ${counting} and not_after_ms > @now)
      - (select count(*) from redemptions r cross join leases on leases.serial = r.serial
          where r.live = 1 and ${counting} and not_after_ms > @now)
      - (select count(distinct r.serial) from redemptions r indexed by ended_redemptions
          cross join leases using (serial, epoch_generation, epoch_n)
          where r.live = 0 and ${counting} and not_after_ms > @now
            and not exists (select 1 from redemptions where redemptions.serial = r.serial and live = 1))
      - (select count(*) from releases r cross join leases using (serial, epoch_generation, epoch_n)
          where ${counting} and not_after_ms > @now and not ${spent}
            and not exists (select 1 from redemptions where redemptions.serial = r.serial and live = 1))
      - (select count(*) from bill_payments p cross join leases on leases.serial = p.serial
          where p.live = 1 and ${counting} and not_after_ms > @now) as count`,
  );
  const countRecalled = database.prepare<[], { count: bigint }>(
    `select count(*) as count from leases indexed by recalled_leases where ${counting} and recalled_ms is not null and withdrawn_ms is null and arrival is null and ${unused}`,
  );
  const recalled = database.prepare<[number], { serial: bigint }>(
    `select serial from leases indexed by recalled_leases
     where ${counting} and recalled_ms is not null and withdrawn_ms is null and arrival is null and ${unused}
     order by recalled_ms, serial limit ?`,
  );
  const due = database.prepare<
    [{ now: number; until: number; asked: number; limit: number }],
    { serial: bigint }
  >(
    `select serial from leases where ${counting} and not_after_ms > @now and not_after_ms <= @until
       and recalled_ms is null and withdrawn_ms is null and coalesce(asked_ms, 0) < @asked and ${unused}
       and not ${spent}
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
  const relied = database.prepare<[number, number], Material>(
    `select l.serial, l.arrival, l.sealed, l.lease, l.token from redemptions r join leases l
       on l.serial = r.serial and l.epoch_generation = r.epoch_generation and l.epoch_n = r.epoch_n
     where r.sequence = ? and r.epoch_generation < ? order by l.load desc limit 1`,
  );
  const aside = database.prepare<[number], AsideRow>(
    "select shape, key, problem from rows_aside order by shape, key limit ?",
  );
  const countAside = database.prepare<[], { count: bigint }>("select count(*) as count from rows_aside");
  const inClear = database.prepare<[], { load: bigint; serial: bigint; lease: Buffer; token: string }>(
    "select load, serial, lease, token from leases where sealed is null limit 500",
  );
  const seal = database.prepare(
    `update leases set sealed = @sealed, amount_minor = @amountMinor, currency = @currency, lease = null, token = null
     where load = @load and serial = @serial`,
  );
  const materialOf = (row: Material): Pick<HeldLease, "lease" | "token"> =>
    row.arrival === null ? openMaterial(vault, row) : arrivedMaterial(arrivals.open(row.arrival), row.serial);
  return {
    find(serial) {
      const row = bySerial.get(serial);
      return row && { ...rowToLease(row), ...materialOf(row) };
    },
    open: (nowMs, limit) => open.all(nowMs, limit).map(rowToLease),
    countOpen: (nowMs) => Number(count.get({ now: nowMs })?.count ?? 0n),
    searchOpen: (nowMs, digits, after, limit) => searchOpen.all(nowMs, after, digits, limit).map(rowToLease),
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
      const lease = row && materialOf(row).lease;
      return lease?.length === 0 ? undefined : lease;
    },
    aside: (limit) => aside.all(limit),
    countAside: () => Number(countAside.get()?.count ?? 0n),
    countRecalled: () => Number(countRecalled.get()?.count ?? 0n),
    sealRest() {
      const some = database.transaction(() => {
        const rows = inClear.all();
        for (const { load, serial, ...material } of rows) {
          seal.run({ load, serial, sealed: sealMaterial(vault, material), ...moneyOf(material.token) });
        }
        return rows.length;
      });
      let sealed = 0;
      for (let last = some.immediate(); last > 0; last = some.immediate()) sealed += last;
      // The log still holds the pages as they were.
      if (sealed > 0) database.pragma("wal_checkpoint(truncate)");
    },
  };
}

/** A lease with its token as they are kept. */
export function sealMaterial(
  vault: Vault,
  { lease, token }: { readonly lease: Uint8Array; readonly token: string },
): Uint8Array {
  return sealText(vault, JSON.stringify({ lease: toBase64(lease), token }));
}

/** What lists show beside a sealed lease. */
function moneyOf(token: string): Pick<LeaseSummary, "amountMinor" | "currency"> {
  const document = textToToken(token);
  const parsed = document && parseDocument(document);
  const read = parsed?.ok ? decodeVoucherToken(parsed.payload) : undefined;
  const { amountMinor, currency } = read?.ok ? read.value : { amountMinor: null, currency: null };
  return { amountMinor, currency };
}

/** What was changed on the disk is no lease of anybody: whoever verifies it will say so. */
const nobodys = { lease: new Uint8Array(), token: "" };

function arrivedMaterial(
  leases: readonly ArrivedLease[],
  serial: bigint,
): Pick<HeldLease, "lease" | "token"> {
  const value = leases.find((one) => one.serial === serial)?.value;
  return { lease: fromBase64(value?.["lease"] ?? "") ?? nobodys.lease, token: value?.["token"] ?? "" };
}

function openMaterial(
  vault: Vault,
  row: Omit<Material, "serial" | "arrival">,
): Pick<HeldLease, "lease" | "token"> {
  if (row.sealed) {
    const text = openText(vault, row.sealed);
    if (text === undefined) return nobodys;
    const { lease, token } = JSON.parse(text) as { readonly lease: string; readonly token: string };
    return { lease: Uint8Array.from(Buffer.from(lease, "base64")), token };
  }
  if (!row.lease || row.token === null) throw new Error("a lease without its documents");
  return { lease: Uint8Array.from(row.lease), token: row.token };
}

function rowToLease(row: LeaseRow): LeaseSummary {
  return {
    serial: row.serial,
    epoch: { generation: Number(row.epoch_generation), n: Number(row.epoch_n) },
    notAfterMs: Number(row.not_after_ms),
    amountMinor: row.amount_minor,
    currency: row.currency,
    withdrawnMs: row.withdrawn_ms === null ? null : Number(row.withdrawn_ms),
    recalledMs: row.recalled_ms === null ? null : Number(row.recalled_ms),
    spent: row.spent === 1n,
  };
}
