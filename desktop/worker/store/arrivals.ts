/**
 * Leases as they came among many, until their signatures are looked at. Sealing each by itself took longer than all else
 * that is done with it, so they lie some together.
 */
import type { ArrivedLease, ShapeChange } from "#sync/ports/shape-storage.ts";
import type { NodeDatabase } from "../database.ts";
import type { Vault } from "../vault.ts";

export type LeaseArrival = ShapeChange & { readonly type: "lease-arrived" };

export interface ArrivalStorage {
  keep(load: number, leases: readonly LeaseArrival[]): void;
  /** Empty where what lies on the disk was changed: it then fails its check like any row. */
  open(arrival: bigint): ArrivedLease[];
  /** Forgets those that no row of a lease names any more. */
  forgetUnused(): void;
}

/** Whoever needs one of them opens all that lie together. */
const keptTogether = 100;

export function createArrivalStorage(database: NodeDatabase, vault: Vault): ArrivalStorage {
  const put = database.prepare("insert into lease_arrivals (sealed) values (?)");
  // Where a lease stands already it stays: what takes its place is checked before.
  const putLeases = (count: number) =>
    database.prepare(
      `insert into leases (load, serial, epoch_generation, epoch_n, not_after_ms, recalled_ms, arrival, sealed)
       values ${Array<string>(count).fill("(?, ?, ?, ?, ?, ?, ?, x'')").join(", ")} on conflict do nothing`,
    );
  const [putAll, putOne] = [putLeases(keptTogether), putLeases(1)];
  const sealed = database.prepare<[bigint], { sealed: Buffer }>(
    "select sealed from lease_arrivals where arrival = ?",
  );
  const forget = database.prepare(
    `delete from lease_arrivals where not exists
       (select 1 from leases where leases.arrival = lease_arrivals.arrival and leases.arrival is not null)`,
  );
  const keepSome = (load: number, leases: readonly LeaseArrival[]): void => {
    const { lastInsertRowid: arrival } = put.run(vault.sealLarge(Buffer.from(toText(leases))));
    const values = leases.map(({ serial, epoch, notAfterMs, recalledMs }) => [
      load,
      serial,
      epoch.generation,
      epoch.n,
      notAfterMs,
      recalledMs,
      arrival,
    ]);
    if (values.length === keptTogether) putAll.run(...values.flat());
    else for (const each of values) putOne.run(...each);
  };
  return {
    keep(load, leases) {
      for (let start = 0; start < leases.length; start += keptTogether) {
        keepSome(load, leases.slice(start, start + keptTogether));
      }
    },
    open(arrival) {
      const row = sealed.get(arrival);
      const opened = row && vault.openLarge(row.sealed);
      return opened ? fromText(opened.toString()) : [];
    },
    forgetUnused: () => void forget.run(),
  };
}

type Kept = readonly [key: string, serial: string, lease: string, token: string];

/** Of a row what its check reads. */
function toText(leases: readonly LeaseArrival[]): string {
  const kept = leases.map(({ key, value }) => [key, value["serial"], value["lease"], value["token"]]);
  return JSON.stringify(kept);
}

function fromText(text: string): ArrivedLease[] {
  return (JSON.parse(text) as Kept[]).map(([key, serial, lease, token]) => ({
    key,
    serial: BigInt(serial),
    value: { serial, lease, token },
  }));
}
