/** Payees of the programmes that this node serves, in SQLite, and what its operations said of them; all of it sealed. */
import type { NodeDatabase } from "../database.ts";

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
  readonly state: string;
  readonly reason: string | null;
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
}

interface ResultRow {
  readonly sequence: bigint;
  readonly type: PayeeOperationType;
  readonly programme: string;
  readonly statement: Buffer;
  readonly state: string;
  readonly reason: string | null;
}

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
  const list = database.prepare<[number], ResultRow>(
    `select p.*, o.state, o.reason from payee_operations p join operations o on o.sequence = p.sequence
     order by p.sequence limit ?`,
  );
  return {
    find(index) {
      const row = byIndex.get(index);
      return row && { payee: row.payee, version: Number(row.version), sealed: Uint8Array.from(row.sealed) };
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
    list: (limit) =>
      list.all(limit).map((row) => ({
        ...row,
        sequence: Number(row.sequence),
        statement: Uint8Array.from(row.statement),
      })),
  };
}
