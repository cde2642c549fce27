/**
 * The server's store as the simulation sees it: its time is the world's, it dies before or after a commit when the seed
 * says so, what it committed is recorded, and one safeguard can be taken out of it.
 */
import type { JournalEntry } from "../../node-server/ledger/entries.ts";
import type {
  ClaimRow,
  Job,
  LeaseRows,
  OperationRow,
  ProjectionRows,
  Store,
  Tx,
} from "../../node-server/ports/store.ts";
import { leaseKey } from "./record.ts";
import type { Record } from "./record.ts";
import type { ShapeRows } from "./shape-rows.ts";
import type { World } from "./world.ts";

export class ServerDied extends Error {}

/** Stands for an error of ours at one operation, which the next version does not have any more. */
export class JudgingFailed extends Error {}

export interface ObservedParts {
  readonly world: World;
  readonly record: Record;
  readonly shapes: ShapeRows;
  /** Whether judging the operation fails in this version of the server. */
  readonly isUnjudgeable: (hash: Uint8Array) => boolean;
  readonly onJob: (job: Job, afterSeconds: number) => void;
  /** Takes a safeguard away. */
  readonly weaken: (tx: Tx) => Tx;
}

export function observedStore(inner: Store, parts: ObservedParts): Store {
  const { world } = parts;
  return {
    async transaction(work) {
      const death = world.strikes(0.01) ? "before" : world.strikes(0.01) ? "after" : undefined;
      let committed: (() => void)[] = [];
      const result = await inner.transaction(async (tx) => {
        committed = [];
        const outcome = await work(parts.weaken(observedTx(tx, parts, (effect) => committed.push(effect))));
        if (death === "before") throw new ServerDied();
        return outcome;
      });
      for (const effect of committed) effect();
      if (death === "after") throw new ServerDied();
      return result;
    },
  };
}

/** A worker that dies is started again. */
export async function untilAlive<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ServerDied)) throw error;
    }
  }
}

/** `rows` with some of its methods replaced. */
export function replaced<T extends object>(rows: T, methods: Partial<T>): T {
  return Object.assign(Object.create(rows) as T, methods);
}

function observedTx(
  tx: Tx,
  { world, record, shapes, isUnjudgeable, onJob }: ObservedParts,
  then: (effect: () => void) => void,
): Tx {
  return replaced(tx, {
    now: async () => new Date(world.nowMs),
    claims: replaced(tx.claims, {
      insert: (row) => insertClaims([row]),
      insertAll: insertClaims,
    }),
    operations: replaced(tx.operations, {
      insert: (row) => insertOperations([row]),
      insertAll: insertOperations,
      decide: (row) => decideOperations([row]),
      decideAll: decideOperations,
    }),
    leases: replaced(tx.leases, {
      async insert(row) {
        await tx.leases.insert(row);
        then(() => record.leases.set(leaseKey(row.serial, row.epoch), { row, closed: undefined }));
      },
      close: (serial, epoch, end, at) => closeLeases([{ serial, epoch, end, at }]),
      closeAll: closeLeases,
    }),
    vouchers: replaced(tx.vouchers, {
      async insert(rows, reserve) {
        await tx.vouchers.insert(rows, reserve);
        if (rows.length > 0) then(() => record.post(reserve));
      },
    }),
    ledger: replaced(tx.ledger, {
      post: async (entry) => (await postEntries([entry]))[0] === true,
      postAll: postEntries,
    }),
    disputes: replaced(tx.disputes, {
      async open(dispute) {
        await tx.disputes.open(dispute);
        then(() => record.openDispute(dispute));
      },
      async update(row) {
        await tx.disputes.update(row);
        then(() => record.openDispute(row));
      },
    }),
    recovery: replaced(tx.recovery, {
      async end(generation, how) {
        await tx.recovery.end(generation, how);
        then(() => {
          record.isRecovering = false;
          world.note(`server: has recovered, ${how}`);
        });
      },
    }),
    shapes: replaced(tx.shapes, {
      async putLease(row, token) {
        await tx.shapes.putLease(row, token);
        then(() => shapes.putLease(row, token));
      },
      async recallLease(nodeId, serial, at) {
        await tx.shapes.recallLease(nodeId, serial, at);
        then(() => {
          shapes.recallLease(nodeId, serial, at);
          world.note(`server: asks ${nodeId.slice(-4)} for ${serial}`);
        });
      },
      removeLease: (nodeId, serial) => removeLeases([{ nodeId, serial }]),
      removeLeases,
      async putVerdict(nodeId, sequence, list) {
        await tx.shapes.putVerdict(nodeId, sequence, list);
        then(() => shapes.putVerdict(nodeId, sequence, list));
      },
    }),
    jobs: replaced(tx.jobs, {
      async enqueue(job, afterSeconds = 0) {
        await tx.jobs.enqueue(job, afterSeconds);
        then(() => onJob(job, afterSeconds));
      },
      async enqueueNew(jobs) {
        await tx.jobs.enqueueNew(jobs);
        for (const { job, afterSeconds } of jobs) then(() => onJob(job, afterSeconds));
      },
    }),
  });

  async function insertClaims(rows: readonly ClaimRow[]): Promise<void> {
    await tx.claims.insertAll(rows);
    for (const row of rows) then(() => record.insertClaim(row));
  }

  async function insertOperations(rows: readonly OperationRow[]): Promise<void> {
    await tx.operations.insertAll(rows);
    for (const row of rows) then(() => record.insertOperation(row, world.nowMs));
  }

  async function decideOperations(rows: readonly OperationRow[]): Promise<void> {
    for (const { branch, reason, hash } of rows) {
      // What is kept aside is not judged at all.
      const isJudged = branch === "chain" && reason !== "quarantined";
      if (isJudged && isUnjudgeable(hash)) throw new JudgingFailed();
    }
    await tx.operations.decideAll(rows);
    for (const row of rows)
      then(() => {
        record.decide(row);
        world.note(`server: ${row.nodeId.slice(-4)}/${row.sequence} ${row.state} ${row.reason ?? ""}`);
      });
  }

  async function closeLeases(leases: Parameters<LeaseRows["closeAll"]>[0]): Promise<void> {
    await tx.leases.closeAll(leases);
    for (const { serial, epoch, end, at } of leases)
      then(() => {
        const lease = record.leases.get(leaseKey(serial, epoch));
        if (lease) lease.closed = { end, atMs: at.getTime() };
        world.note(`server: lease ${leaseKey(serial, epoch)} ${end}`);
      });
  }

  async function postEntries(entries: readonly JournalEntry[]): Promise<boolean[]> {
    const areNew = await tx.ledger.postAll(entries);
    for (const [index, entry] of entries.entries()) if (areNew[index]) then(() => record.post(entry));
    return areNew;
  }

  async function removeLeases(leases: Parameters<ProjectionRows["removeLeases"]>[0]): Promise<void> {
    await tx.shapes.removeLeases(leases);
    for (const { nodeId, serial } of leases) then(() => shapes.removeLease(nodeId, serial));
  }
}
