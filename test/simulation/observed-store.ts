/**
 * The server's store as the simulation sees it: its time is the world's, it dies before or after a commit when the seed
 * says so, what it committed is recorded, and one safeguard can be taken out of it.
 */
import type { Job, Store, Tx } from "../../node-server/ports/store.ts";
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
      async insert(row) {
        await tx.claims.insert(row);
        then(() => record.insertClaim(row));
      },
    }),
    operations: replaced(tx.operations, {
      async insert(row) {
        await tx.operations.insert(row);
        then(() => record.insertOperation(row, world.nowMs));
      },
      async decide(row) {
        // What is kept aside is not judged at all.
        const isJudged = row.branch === "chain" && row.reason !== "quarantined";
        if (isJudged && isUnjudgeable(row.hash)) throw new JudgingFailed();
        await tx.operations.decide(row);
        then(() => {
          record.decide(row);
          world.note(`server: ${row.nodeId.slice(-4)}/${row.sequence} ${row.state} ${row.reason ?? ""}`);
        });
      },
    }),
    leases: replaced(tx.leases, {
      async insert(row) {
        await tx.leases.insert(row);
        then(() => record.leases.set(leaseKey(row.serial, row.epoch), { row, closed: undefined }));
      },
      async close(serial, epoch, end, at) {
        await tx.leases.close(serial, epoch, end, at);
        then(() => {
          const lease = record.leases.get(leaseKey(serial, epoch));
          if (lease) lease.closed = { end, atMs: at.getTime() };
          world.note(`server: lease ${leaseKey(serial, epoch)} ${end}`);
        });
      },
    }),
    ledger: replaced(tx.ledger, {
      async post(entry) {
        const isNew = await tx.ledger.post(entry);
        if (isNew) then(() => record.post(entry));
        return isNew;
      },
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
      async removeLease(nodeId, serial) {
        await tx.shapes.removeLease(nodeId, serial);
        then(() => shapes.removeLease(nodeId, serial));
      },
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
    }),
  });
}
