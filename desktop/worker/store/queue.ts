/** The queue in SQLite. The triggers of `migrations/node/0010-node.sql` state its rules a second time. */
import type { OperationState } from "#core/operation.machine.ts";
import type {
  NewOperation,
  QueueStorage,
  StoredOperation,
  StoredVerdict,
} from "#sync/ports/queue-storage.ts";
import { isStorageFailure } from "../database.ts";
import type { NodeDatabase } from "../database.ts";

interface OperationRow {
  readonly sequence: bigint;
  readonly operation_id: string;
  readonly hash: Buffer;
  readonly previous_hash: Buffer;
  readonly signed: Buffer;
  readonly sealed: Buffer | null;
  readonly type: string;
  readonly created_ms: bigint;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly transaction_id: string | null;
  readonly decided_ms: bigint | null;
}

export function createQueueStorage(
  database: NodeDatabase,
  wallMs: () => number,
): Omit<QueueStorage, "agreeOnHead"> {
  const last = database.prepare<[], { sequence: bigint; hash: Buffer }>(
    "select sequence, hash from operations order by sequence desc limit 1",
  );
  const certificate = database.prepare<[], { certificate_hash: Buffer | null; server_sequence: bigint }>(
    "select certificate_hash, server_sequence from node",
  );
  const bySequence = database.prepare<[number], OperationRow>("select * from operations where sequence = ?");
  const following = database.prepare<[number, number], OperationRow>(
    "select * from operations where sequence > ? order by sequence limit ?",
  );
  const insert = database.prepare(
    `insert into operations (sequence, operation_id, hash, previous_hash, signed, sealed, type, created_ms)
     values (@sequence, @operationId, @hash, @previousHash, @signed, @sealed, @type, @createdMs)`,
  );
  const update = database.prepare(
    `update operations set state = @state, reason = @reason, transaction_id = @transactionId, decided_ms = @decidedMs,
       verdict_list = (select id from verdict_lists where hash = @listHash) where sequence = @sequence`,
  );
  const insertList = database.prepare(
    `insert into verdict_lists (hash, document, server_time_ms, received_ms) values (?, ?, ?, ?)
     on conflict (hash) do nothing`,
  );
  const listOf = database.prepare<[number], { document: Buffer }>(
    "select document from verdict_lists where id = (select verdict_list from operations where sequence = ?)",
  );
  const firstUnanswered = database.prepare<[], { sequence: bigint | null }>(
    "select min(sequence) as sequence from operations where state = 'queued'",
  );
  const setServerSequence = database.prepare("update node set server_sequence = ?");
  const certificateHash = (): Uint8Array | undefined => {
    const hash = certificate.get()?.certificate_hash;
    return hash ? bytes(hash) : undefined;
  };
  return {
    transaction: (work) => database.transaction(work).immediate(),
    isStorageFailure,
    head() {
      const row = last.get();
      if (row) return { sequence: Number(row.sequence), hash: bytes(row.hash) };
      const hash = certificateHash();
      if (!hash) throw new Error("a node that is not enrolled has no chain");
      return { sequence: 0, hash };
    },
    hashAt(sequence) {
      if (sequence === 0) return certificateHash();
      const row = bySequence.get(sequence);
      return row ? bytes(row.hash) : undefined;
    },
    find(sequence) {
      const row = bySequence.get(sequence);
      return row ? rowToOperation(row) : undefined;
    },
    after: (sequence, limit) => following.all(sequence, limit).map(rowToOperation),
    append: (operation: NewOperation) => void insert.run(operation),
    decide: (verdict: StoredVerdict, listHash) => void update.run({ ...verdict, listHash }),
    keepList: (hash, document, serverTimeMs) => void insertList.run(hash, document, serverTimeMs, wallMs()),
    verdictListOf(sequence) {
      const row = listOf.get(sequence);
      return row && bytes(row.document);
    },
    serverSequence() {
      const stored = Number(certificate.get()?.server_sequence ?? 0n);
      const unanswered = firstUnanswered.get()?.sequence ?? null;
      return unanswered === null ? stored : Math.min(stored, Number(unanswered) - 1);
    },
    setServerSequence: (sequence) => void setServerSequence.run(sequence),
  };
}

function rowToOperation(row: OperationRow): StoredOperation {
  return {
    sequence: Number(row.sequence),
    operationId: row.operation_id,
    hash: bytes(row.hash),
    previousHash: bytes(row.previous_hash),
    signed: bytes(row.signed),
    sealed: row.sealed ? bytes(row.sealed) : null,
    type: row.type,
    createdMs: Number(row.created_ms),
    state: row.state,
    reason: row.reason,
    transactionId: row.transaction_id,
    decidedMs: row.decided_ms === null ? null : Number(row.decided_ms),
  };
}

function bytes(buffer: Buffer): Uint8Array {
  return Uint8Array.from(buffer);
}
