/** What was committed, written down beside the store: the promises are checked against this, and not by the store's own word. */
import type { JournalEntry } from "../../node-server/ledger/entries.ts";
import { accountId } from "../../node-server/ledger/entries.ts";
import type { ClaimRow, LeaseEnd, LeaseRow, OperationRow } from "../../node-server/ports/store.ts";

export interface StoredOperation {
  row: OperationRow;
  readonly arrivedMs: number;
  /** How often it was given a final verdict. */
  ended: number;
}

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

  post(entry: JournalEntry): void {
    const sum = entry.lines.reduce((total, line) => total + line.amountMinor, 0n);
    if (sum !== 0n) this.unbalanced.push(entry.idempotencyKey);
    for (const { account, amountMinor, serial } of entry.lines) {
      const id = accountId(account);
      this.balances.set(id, (this.balances.get(id) ?? 0n) + amountMinor);
      if (account.kind === "reserved" && serial !== undefined)
        this.reserves.set(serial, (this.reserves.get(serial) ?? 0n) + amountMinor);
    }
  }

  insertOperation(row: OperationRow, arrivedMs: number): void {
    this.operations.set(operationKey(row), { row, arrivedMs, ended: 0 });
  }

  decide(row: OperationRow): void {
    const stored = this.operations.get(operationKey(row));
    if (!stored) throw new Error(`operation ${row.sequence} was decided and never stored`);
    stored.row = row;
    if (row.state === "applied" || row.state === "rejected") stored.ended += 1;
  }
}

export function operationKey({ nodeId, hash }: Pick<OperationRow, "nodeId" | "hash">): string {
  return `${nodeId}:${Buffer.from(hash).toString("hex")}`;
}

export function leaseKey(serial: bigint, epoch: LeaseRow["epoch"]): string {
  return `${serial}:${epoch.generation}.${epoch.n}`;
}
