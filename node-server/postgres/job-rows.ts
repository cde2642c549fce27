/** Jobs enqueued in the transaction of the change that calls for them: both are committed, or neither. */
import { fromKysely } from "pg-boss";
import type { Job, JobRows } from "../ports/store.ts";
import type { JobQueue } from "../jobs/boss.ts";
import type { Trx } from "./rows.ts";

/** `enqueued` collects the queues whose workers are to be woken once the transaction is committed. */
export function jobRows(
  trx: Trx,
  jobs: Pick<JobQueue, "enqueue" | "enqueueNew" | "forget">,
  enqueued: Set<Job["queue"]>,
): JobRows {
  return {
    async enqueue(job, afterSeconds = 0) {
      await jobs.enqueue(fromKysely(trx), job, afterSeconds);
      if (afterSeconds === 0) enqueued.add(job.queue);
    },
    forget: (done) => jobs.forget(fromKysely(trx), done),
    async enqueueNew(added) {
      await jobs.enqueueNew(fromKysely(trx), added);
      for (const { job, afterSeconds } of added) if (afterSeconds === 0) enqueued.add(job.queue);
    },
  };
}
