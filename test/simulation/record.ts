/** What was committed, written down beside the store: the promises are checked against this, and not by the store's own word. */
import type { JournalEntry } from "../../node-server/ledger/entries.ts";
import { accountId } from "../../node-server/ledger/entries.ts";
import type {
  ClaimRow,
  DisputeRow,
  LeaseEnd,
  LeaseRow,
  OperationRow,
} from "../../node-server/ports/store.ts";

export interface StoredOperation {
  row: OperationRow;
  readonly arrivedMs: number;
  /** How often it was given a final verdict. */
  ended: number;
  /** Whether no rule could decide it at some time. */
  wasForPeople: boolean;
}

/** Why an operation waits for people; what is held for another reason ends by itself. */
export const forPeople: ReadonlySet<string> = new Set([
  "node-frozen",
  "node-revoked",
  "forked",
  "quarantined",
  "recovery-conflict",
]);

export interface KnownLease {
  readonly row: LeaseRow;
  closed: { readonly end: LeaseEnd; readonly atMs: number } | undefined;
}

export class Record {
  readonly claims = new Map<string, ClaimRow>();
  readonly operations = new Map<string, StoredOperation>();
  readonly leases = new Map<string, KnownLease>();
  readonly balances = new Map<string, bigint>();
  /** What is set aside for each voucher. */
  readonly reserves = new Map<bigint, bigint>();
  readonly unbalanced: string[] = [];
  /** Disputes by their operation's key, as they are now. */
  readonly disputes = new Map<string, Pick<DisputeRow, "nodeId" | "hash"> & Partial<DisputeRow>>();
  /** The causes of guarantees that were paid. */
  readonly guarantees: string[] = [];
  /** Every claim that was ever made, also one that a restore has forgotten. */
  readonly everClaimed = new Map<string, ClaimRow>();
  /** Vouchers whose claims a restore has forgotten, and no node was told of: nobody is left who could say it again. */
  readonly forgotten = new Set<bigint>();
  /** Bills of which a restore has forgotten a payment that no node was told of. */
  readonly forgottenBills = new Set<string>();
  /** Operations by their key that were rejected before a restore: what was signed then stands. */
  readonly rejectedBefore = new Set<string>();
  restores = 0;
  isRecovering = false;

  post(entry: JournalEntry): void {
    const sum = entry.lines.reduce((total, line) => total + line.amountMinor, 0n);
    if (sum !== 0n) this.unbalanced.push(entry.idempotencyKey);
    if (entry.kind === "pay-guarantee") this.guarantees.push(entry.idempotencyKey);
    for (const { account, amountMinor, serial } of entry.lines) {
      const id = accountId(account);
      this.balances.set(id, (this.balances.get(id) ?? 0n) + amountMinor);
      if (account.kind === "reserved" && serial !== undefined)
        this.reserves.set(serial, (this.reserves.get(serial) ?? 0n) + amountMinor);
    }
  }

  insertOperation(row: OperationRow, arrivedMs: number): void {
    this.operations.set(operationKey(row), { row, arrivedMs, ended: 0, wasForPeople: false });
  }

  decide(row: OperationRow): void {
    const stored = this.operations.get(operationKey(row));
    if (!stored) throw new Error(`operation ${row.sequence} was decided and never stored`);
    stored.row = row;
    if (row.state === "held") stored.wasForPeople ||= forPeople.has(row.reason ?? "");
    else stored.ended += 1;
  }

  insertClaim(row: ClaimRow): void {
    this.claims.set(row.id, row);
    this.everClaimed.set(row.id, row);
  }

  openDispute(dispute: Pick<DisputeRow, "nodeId" | "hash">): void {
    this.disputes.set(operationKey(dispute), dispute);
  }

  /** As a backup of the database has it; the function forgets everything since. `heard`: what nodes can prove of that. */
  backUp(): (heard: ReadonlySet<string>) => void {
    const maps = [this.claims, this.balances, this.reserves, this.disputes] as Map<unknown, unknown>[];
    const kept = maps.map((map) => [...map]);
    const operations = [...this.operations].map(([key, stored]) => [key, { ...stored }] as const);
    const leases = [...this.leases].map(([key, lease]) => [key, { ...lease }] as const);
    const guarantees = this.guarantees.length;
    return (heard) => {
      this.restores += 1;
      this.isRecovering = true;
      const lost = new Map(this.claims);
      for (const [key, { row }] of this.operations)
        if (row.state === "rejected") this.rejectedBefore.add(key);
      for (const { row } of this.operations.values())
        if (heard.has(Buffer.from(row.hash).toString("hex"))) lost.delete(row.claimId ?? "");
      for (const [index, map] of maps.entries()) refill(map, kept[index] ?? []);
      refill(
        this.operations,
        operations.map(([key, stored]) => [key, { ...stored }] as const),
      );
      refill(
        this.leases,
        leases.map(([key, lease]) => [key, { ...lease }] as const),
      );
      this.guarantees.length = guarantees;
      for (const { id, serial } of lost.values()) if (!this.claims.has(id)) this.forgotten.add(serial);
    };
  }
}

function refill<K, V>(map: Map<K, V>, entries: readonly (readonly [K, V])[]): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}

export function operationKey({ nodeId, hash }: Pick<OperationRow, "nodeId" | "hash">): string {
  return `${nodeId}:${Buffer.from(hash).toString("hex")}`;
}

export function leaseKey(serial: bigint, epoch: LeaseRow["epoch"]): string {
  return `${serial}:${epoch.generation}.${epoch.n}`;
}
