/** Payees of the programmes that this node serves, in SQLite, and what its operations said of them; all of it sealed. */
import type { OperationState } from "#core/operation.machine.ts";
import type { ServedProgramme } from "#sync/ports/shape-storage.ts";
import type { NodeDatabase } from "../database.ts";
import { readServedProgrammes } from "./served-programmes.ts";

export interface StoredPayee {
  readonly payee: bigint;
  readonly version: number;
  readonly sealed: Uint8Array;
}

export type PayeeOperationType = "look-up" | "register-beneficiary" | "update-beneficiary";

export interface PayeeOperationRow {
  readonly sequence: number;
  readonly type: PayeeOperationType;
  readonly programme: string;
  /** Sealed under the node's own key. */
  readonly statement: Uint8Array;
}

export interface PayeeOperationResult extends PayeeOperationRow {
  readonly state: OperationState;
  readonly reason: string | null;
  readonly createdMs: number;
}

export interface PayeeStorage {
  find(index: string): StoredPayee | undefined;
  count(): number;
  /** As of when the payees were known to be complete; undefined when they never were. */
  asOfMs(): number | undefined;
  /** Sealed under the node's own key; undefined until the server gave it. */
  key(): Uint8Array | undefined;
  keepKey(sealed: Uint8Array): void;
  insert(row: PayeeOperationRow): void;
  /** In the order of their operations, at most `limit`. */
  list(limit: number): PayeeOperationResult[];
  /** Before that sequence number, the newest first, at most `limit`. */
  before(sequence: number, limit: number): PayeeOperationResult[];
  /** Programmes that this node serves, as the server told them. */
  served(): ServedProgramme[];
  /** Programmes that something was done for here. */
  programmes(): string[];
  /** Whether anything was ever done with a payee here. */
  isUsed(): boolean;
  /** Changes that wait for people. */
  countHeld(): number;
}

interface ResultRow {
  readonly sequence: bigint;
  readonly type: PayeeOperationType;
  readonly programme: string;
  readonly statement: Buffer;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly created_ms: bigint;
}

const joined = `select p.*, o.state, o.reason, o.created_ms
  from payee_operations p join operations o on o.sequence = p.sequence`;
const counting = "load = (select load from shape_heads where name = 'beneficiaries')";

export function createPayeeStorage(database: NodeDatabase): PayeeStorage {
  const byIndex = database.prepare<[string], { payee: bigint; version: bigint; sealed: Buffer }>(
    `select payee, version, sealed from beneficiaries where ${counting} and payee_index = ?`,
  );
  const count = database.prepare<[], { count: bigint }>(
    `select count(*) as count from beneficiaries where ${counting}`,
  );
  const age = database.prepare<[], { as_of_ms: bigint }>(
    "select as_of_ms from shape_ages where shape = 'beneficiaries'",
  );
  const key = database.prepare<[], { sealed: Buffer }>("select sealed from payee_key");
  const keepKey = database.prepare("insert or replace into payee_key (id, sealed) values (1, ?)");
  const insert = database.prepare(
    "insert into payee_operations (sequence, type, programme, statement) values (@sequence, @type, @programme, @statement)",
  );
  const list = database.prepare<[number], ResultRow>(`${joined} order by p.sequence limit ?`);
  const before = database.prepare<[number, number], ResultRow>(
    `${joined} where p.sequence < ? order by p.sequence desc limit ?`,
  );
  const programmes = database.prepare<[], { programme: string }>(
    "select distinct programme from payee_operations order by programme",
  );
  const used = database.prepare<[], { sequence: bigint }>("select sequence from payee_operations limit 1");
  const held = database.prepare<[], { count: bigint }>(
    "select count(*) as count from payee_operations join operations using (sequence) where state = 'held'",
  );
  return {
    find(index) {
      const row = byIndex.get(index);
      return row && rowToPayee(row);
    },
    count: () => Number(count.get()?.count ?? 0n),
    asOfMs() {
      const row = age.get();
      return row && Number(row.as_of_ms);
    },
    key() {
      const row = key.get();
      return row && Uint8Array.from(row.sealed);
    },
    keepKey: (sealed) => void keepKey.run(sealed),
    insert: (row) => void insert.run(row),
    list: (limit) => list.all(limit).map(rowToResult),
    before: (sequence, limit) => before.all(sequence, limit).map(rowToResult),
    served: () => readServedProgrammes(database),
    programmes: () => programmes.all().map(({ programme }) => programme),
    isUsed: () => used.get() !== undefined,
    countHeld: () => Number(held.get()?.count ?? 0n),
  };
}

function rowToPayee(row: { payee: bigint; version: bigint; sealed: Buffer }): StoredPayee {
  return { payee: row.payee, version: Number(row.version), sealed: Uint8Array.from(row.sealed) };
}

function rowToResult({ created_ms: createdMs, ...row }: ResultRow): PayeeOperationResult {
  return {
    ...row,
    createdMs: Number(createdMs),
    sequence: Number(row.sequence),
    statement: Uint8Array.from(row.statement),
  };
}
