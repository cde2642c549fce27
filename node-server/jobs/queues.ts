/**
 * How each queue is worked: how often it tries, how long it lets a handler run, and when it gives up. Handlers are
 * safe to run twice and at the same time, so a job that may have been lost is simply run again.
 */
import type { Queue } from "pg-boss";
import type { Job } from "../ports/store.ts";

export type QueueName = Job["queue"];

/** Worked by `./disbursement-handlers.ts`, the others by `./handlers.ts`. */
export type DisbursementQueue = Extract<
  QueueName,
  "authorise-funds" | "start-batch" | "execute-batch" | "pay-chunk"
>;

export interface QueueSettings extends Omit<Queue, "name"> {
  /** Jobs of the queue that one process runs at the same time. */
  readonly concurrency: number;
  /** Jobs that a worker takes at once, one where that is not said; when one of them fails all are tried again. */
  readonly atOnce?: number;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const common = {
  // pg-boss takes no shorter one. A worker that was killed stops beating, and its job is taken up again after this
  // time and the supervisor's next round (`./boss.ts`).
  heartbeatSeconds: 10,
  deleteAfterSeconds: day,
  // A job that has not ended after this time is dropped: later than any retry below.
  retentionSeconds: 10 * 365 * day,
  retryBackoff: true,
};

/** Money and vouchers: tried until it is done, at least once a minute. */
const withoutEnd = { ...common, retryLimit: 2 ** 31 - 1, retryDelay: 1, retryDelayMax: minute };

export const queueSettings: Readonly<Record<QueueName, QueueSettings>> = {
  "issue-batch": { ...withoutEnd, concurrency: 2, expireInSeconds: 6 * hour },
  "run-command": { ...withoutEnd, concurrency: 2, expireInSeconds: 6 * hour },
  "map-payees": { ...withoutEnd, concurrency: 2, expireInSeconds: 6 * hour },
  // These handlers enqueue the next try themselves; this is for a worker that died, or a database that was away.
  callback: { ...withoutEnd, concurrency: 8, expireInSeconds: 5 * minute },
  // A batch of payments leaves a receipt for each; one at a time they would take hours.
  notify: { ...withoutEnd, concurrency: 2, atOnce: 50, expireInSeconds: 5 * minute },
  payout: { ...withoutEnd, concurrency: 2, expireInSeconds: 5 * minute },
  "validate-at-bank": { ...withoutEnd, concurrency: 2, expireInSeconds: 5 * minute },
  "authorise-funds": { ...withoutEnd, concurrency: 1, expireInSeconds: 5 * minute },
  "execute-batch": { ...withoutEnd, concurrency: 1, expireInSeconds: hour },
  "pay-chunk": { ...withoutEnd, concurrency: 4, expireInSeconds: hour },
  "start-batch": { ...withoutEnd, concurrency: 1, expireInSeconds: hour },
};

export const queueNames = Object.keys(queueSettings) as QueueName[];

/** One run in each period, by whichever process has it; a run that was missed or failed waits for the next period. */
export const periodicSettings: Omit<Queue, "name"> = {
  policy: "exclusive",
  heartbeatSeconds: 10,
  expireInSeconds: hour,
  retryLimit: 0,
  deleteAfterSeconds: 2 * hour,
  retentionSeconds: minute,
};
