/** Shapes in SQLite: rows, handle and offset in one transaction, and a load that replaces another at a stroke. */
import type {
  Arrival,
  LookedAt,
  ShapeBatch,
  ShapeChange,
  ShapeHead,
  ShapeName,
  SetAside,
  ShapeStorage,
} from "#sync/ports/shape-storage.ts";
import type { QueueStorage } from "#sync/ports/queue-storage.ts";
import type { TrustStorage } from "#sync/ports/trust-storage.ts";
import { listProblem, takeVerdicts } from "#sync/queue/take-verdicts.ts";
import type { NodeDatabase } from "../database.ts";
import type { Vault } from "../vault.ts";
import { openAside, sealAside } from "./aside.ts";
import { createArrivalStorage } from "./arrivals.ts";
import type { LeaseArrival } from "./arrivals.ts";
import { counting, sealMaterial } from "./leases.ts";
import { createBillRowWriter } from "./bills.ts";
import { keepServedProgrammes } from "./served-programmes.ts";

export interface ShapeStores {
  readonly database: NodeDatabase;
  readonly queue: QueueStorage;
  readonly trust: TrustStorage;
  readonly nodeId: string;
  readonly vault: Vault;
  readonly wallMs: () => number;
}

interface HeadRow {
  readonly handle: string;
  readonly position: string;
  readonly load: bigint;
}

/** Leases that ended this long ago, and whose row is gone, are forgotten. */
const forgetAfterMs = 90 * 24 * 3_600_000;

export function createShapeStorage(stores: ShapeStores): ShapeStorage {
  const { database, vault } = stores;
  const headRow = database.prepare<[string], HeadRow>("select * from shape_heads where name = ?");
  const saveHead = database.prepare(
    `insert into shape_heads (name, handle, position, load) values (@name, @handle, @position, @load)
     on conflict (name) do update set handle = excluded.handle, position = excluded.position, load = excluded.load`,
  );
  const signal = database.prepare<[string], { version: bigint }>(
    `select version from signals where shape = ? and load = (select load from shape_heads where name = 'signals')`,
  );
  const fetched = database.prepare<[string], { version: bigint }>(
    "select version from shape_versions where shape = ?",
  );
  const age = database.prepare<[string], { as_of_ms: bigint }>(
    "select as_of_ms from shape_ages where shape = ?",
  );
  const aside = database.prepare<[string], SetAside>(
    "select key, value from rows_aside where shape = ? order by key limit 10000",
  );
  const leased = database.prepare<[bigint], object>(
    `select 1 as found from leases where ${counting} and serial = ?`,
  );
  const arrival = database.prepare<[], { readonly arrival: bigint }>(
    `select arrival from leases indexed by arrived_leases
     where arrival is not null and ${counting} order by arrival limit 1`,
  );
  const arrivals = createArrivalStorage(database, vault);
  const write = createWriter(stores);
  const writeAll = (load: number, changes: readonly ShapeChange[]): void => {
    let arrived: LeaseArrival[] = [];
    for (const change of changes) {
      if (change.type === "lease-arrived") {
        arrived.push(change);
        continue;
      }
      arrivals.keep(load, arrived);
      arrived = [];
      write(load, change);
    }
    arrivals.keep(load, arrived);
  };
  const settle = createSettler(stores, writeAll);
  const forgetOtherLoads = (name: ShapeName, load: number): void => {
    database.prepare(`delete from ${name} where load <> ?`).run(load);
    if (name === "leases") arrivals.forgetUnused();
  };
  const storage: ShapeStorage = {
    head(name) {
      const row = headRow.get(name);
      return row && { handle: row.handle, position: row.position };
    },
    beginLoad: (name) =>
      database
        .transaction(() => {
          const current = Number(headRow.get(name)?.load ?? 0n);
          if (isLoaded(name)) forgetOtherLoads(name, current);
          database.prepare("delete from rows_aside where shape = ?").run(name);
          return current + 1;
        })
        .immediate(),
    stage: (_name, load, changes) => database.transaction(() => writeAll(load, changes)).immediate(),
    apply: (batch) =>
      database
        .transaction(() => {
          const row = headRow.get(batch.name);
          if (!sameHead(row, batch.from)) return false;
          const load = batch.load ?? Number(row?.load ?? 0n);
          writeAll(load, batch.changes);
          if (batch.load !== undefined) {
            carryOver(stores, batch, Number(row?.load ?? 0n));
            if (isLoaded(batch.name)) forgetOtherLoads(batch.name, load);
          }
          saveHead.run({ name: batch.name, ...batch.to, load });
          return true;
        })
        .immediate(),
    aside: (name) => aside.all(name).map(({ key, value }) => ({ key, value: openAside(vault, value) })),
    amend: (name, changes) =>
      database
        .transaction(() => {
          const row = headRow.get(name);
          if (row) writeAll(Number(row.load), changes);
        })
        .immediate(),
    isLeased: (serial) => leased.get(serial) !== undefined,
    nextArrival() {
      const id = arrival.get()?.arrival;
      return id === undefined ? undefined : { id: Number(id), leases: arrivals.open(id) };
    },
    settle: (arrived, found) => database.transaction(() => settle(arrived, found)).immediate(),
    signalled: (shape) => versionOf(signal.get(shape)),
    fetched: (shape) => versionOf(fetched.get(shape)),
    setFetched(shape, version) {
      database
        .prepare("insert or replace into shape_versions (shape, version) values (?, ?)")
        .run(shape, version);
    },
    asOf(shape) {
      const row = age.get(shape);
      return row && Number(row.as_of_ms);
    },
    setAsOf(shape, ms) {
      database.prepare("insert or replace into shape_ages (shape, as_of_ms) values (?, ?)").run(shape, ms);
    },
  };
  return storage;
}

/** What the old load had and the new one has not is carried over: a row that disappears ends no lease. */
function carryOver({ database, wallMs }: ShapeStores, batch: ShapeBatch, oldLoad: number): void {
  const { name, load } = batch;
  if (name === "leases") {
    database
      .prepare(
        `insert into leases (load, serial, epoch_generation, epoch_n, not_after_ms, amount_minor, currency, sealed, lease, token,
             arrival, withdrawn_ms)
           select @load, serial, epoch_generation, epoch_n, not_after_ms, amount_minor, currency, sealed, lease, token,
           arrival, coalesce(withdrawn_ms, @now) from leases as old where load = @oldLoad and not_after_ms > @forget
           and not exists (select 1 from leases where load = @load and serial = old.serial)`,
      )
      .run({ load, oldLoad, now: wallMs(), forget: wallMs() - forgetAfterMs });
  }
}

function createWriter({ database, queue, trust, nodeId, vault, wallMs }: ShapeStores) {
  const putLease = database.prepare(
    `insert or replace into leases (load, serial, epoch_generation, epoch_n, not_after_ms, amount_minor, currency, sealed, recalled_ms)
     values (@load, @serial, @generation, @n, @notAfterMs, @amountMinor, @currency, @sealed, @recalledMs)`,
  );
  const putElsewhere = database.prepare(
    "insert or replace into elsewhere (load, serial, till, not_after_ms) values (?, ?, ?, ?)",
  );
  const dropElsewhere = database.prepare("delete from elsewhere where load = ? and serial = ?");
  const withdraw = database.prepare(
    "update leases set withdrawn_ms = ? where load = ? and serial = ? and withdrawn_ms is null",
  );
  const putSignal = database.prepare(
    "insert or replace into signals (load, shape, version) values (?, ?, ?)",
  );
  const putAside = database.prepare(
    "insert or replace into rows_aside (shape, key, problem, value, seen_ms) values (?, ?, ?, ?, ?)",
  );
  const dropAside = database.prepare("delete from rows_aside where key = ?");
  const putDenied = database.prepare(
    `insert or replace into denied (load, chunk, first_serial, last_serial, serials) values (?, ?, ?, ?, ?)`,
  );
  const putPayee = database.prepare(
    "insert or replace into beneficiaries (load, payee, payee_index, version, sealed) values (?, ?, ?, ?, ?)",
  );
  const dropPayee = database.prepare("delete from beneficiaries where load = ? and payee = ?");
  const dropDenied = database.prepare("delete from denied where load = ? and chunk = ?");
  const writeBillRow = createBillRowWriter(database, vault);
  return (load: number, change: Exclude<ShapeChange, LeaseArrival>): void => {
    switch (change.type) {
      case "biller":
      case "bill":
      case "float":
      case "bill-row-gone":
        writeBillRow(load, change);
        dropAside.run(change.key);
        break;
      case "denied":
        putDenied.run(load, change.chunk, change.first, change.last, change.serials);
        dropAside.run(change.key);
        break;
      case "denied-no-more":
        dropDenied.run(load, change.chunk);
        dropAside.run(change.key);
        break;
      case "beneficiary":
        putPayee.run(load, change.payee, change.index, change.version, change.sealed);
        dropAside.run(change.key);
        break;
      case "beneficiary-no-more":
        dropPayee.run(load, change.payee);
        dropAside.run(change.key);
        break;
      case "policy":
        trust.keepPolicy(change.policy, change.document);
        dropAside.run(change.key);
        break;
      case "accepts":
        trust.keepAccepted(change.groups);
        dropAside.run(change.key);
        break;
      case "programmes":
        keepServedProgrammes(database, change.programmes);
        dropAside.run(change.key);
        break;
      case "lease": {
        const { serial, epoch, notAfterMs, amountMinor, currency, recalledMs } = change;
        const { generation, n } = epoch;
        const sealed = sealMaterial(vault, change);
        putLease.run({
          load,
          serial,
          generation,
          n,
          notAfterMs,
          amountMinor,
          currency,
          sealed,
          recalledMs,
        });
        dropAside.run(change.key);
        break;
      }
      case "lease-withdrawn":
        withdraw.run(wallMs(), load, change.serial);
        dropAside.run(change.key);
        break;
      case "elsewhere":
        putElsewhere.run(load, change.serial, change.till, change.notAfterMs);
        dropAside.run(change.key);
        break;
      case "elsewhere-no-more":
        dropElsewhere.run(load, change.serial);
        dropAside.run(change.key);
        break;
      // Signed facts are true in whatever load they come: they are taken at once, and taking them twice changes nothing.
      case "key-set":
        trust.keepKeySet(change.keySet, change.document);
        dropAside.run(change.key);
        break;
      case "verdict-list": {
        const problem = listProblem(queue, nodeId, change.opened.list, []);
        const contradicts =
          problem === undefined && takeVerdicts(queue, change.opened).contradictions.length > 0;
        const wrong = problem ?? (contradicts ? "contradicts-a-verdict" : undefined);
        if (wrong === undefined) dropAside.run(change.key);
        else putAside.run("verdicts", change.key, wrong, sealAside(vault, change.value), wallMs());
        break;
      }
      case "signal":
        putSignal.run(load, change.shape, change.version);
        break;
      case "aside":
        putAside.run(
          shapeOfKey(change.key),
          change.key,
          change.problem,
          sealAside(vault, change.value),
          wallMs(),
        );
        break;
    }
  };
}

/** Writes what was found of leases that had arrived, but for those whose place another row has taken since. */
function createSettler(
  { database, vault }: ShapeStores,
  writeAll: (load: number, changes: readonly ShapeChange[]) => void,
): (arrived: Arrival, found: readonly LookedAt[]) => void {
  const confirm = database.prepare(
    `update leases set epoch_generation = @generation, epoch_n = @n, not_after_ms = @notAfterMs,
       amount_minor = @amountMinor, currency = @currency, sealed = @sealed, arrival = null
     where serial = @serial and arrival = @id`,
  );
  const remove = database.prepare("delete from leases where serial = ? and arrival = ?");
  // What could not even be opened is kept, and refused by whoever wants to use it.
  const leave = database.prepare("update leases set arrival = null where arrival = ?");
  const forget = database.prepare("delete from lease_arrivals where arrival = ?");
  return ({ id }, found) => {
    for (const { lease, change } of found) {
      const { serial } = lease;
      if (change.type === "lease") {
        const { epoch, notAfterMs, amountMinor, currency } = change;
        const { generation, n } = epoch;
        const sealed = sealMaterial(vault, change);
        confirm.run({ id, serial, generation, n, notAfterMs, amountMinor, currency, sealed });
      } else if (remove.run(serial, id).changes > 0) {
        writeAll(0, [change]);
      }
    }
    leave.run(id);
    forget.run(id);
  };
}

function isLoaded(name: ShapeName): boolean {
  return name !== "trust" && name !== "verdicts";
}

function sameHead(row: HeadRow | undefined, from: ShapeHead | undefined): boolean {
  return row?.handle === from?.handle && row?.position === from?.position;
}

function versionOf(row: { readonly version: bigint } | undefined): number | undefined {
  return row && Number(row.version);
}

/** A key is `<shape>:` and the server's own key of the row. */
function shapeOfKey(key: string): string {
  return key.slice(0, key.indexOf(":"));
}
