/**
 * The job queue, on pg-boss: jobs are enqueued in the transaction of the change that calls for them, and run at least
 * once after its commit.
 *
 * A job of a process that was killed is noticed by its missing heartbeat (10 s) in the supervisor's next round (5 s)
 * and tried again some seconds later; the supervisor of any process does it, also of the one that was started again.
 */
import { PgBoss } from "pg-boss";
import type { Db, Job as BossJob } from "pg-boss";
import type { Logger } from "pino";
import type { Job, NewJob } from "../ports/store.ts";
import { currentCorrelation, withCorrelation } from "../watch/correlation.ts";
import { startPeriodic } from "./periodic.ts";
import type { PeriodicTask } from "./periodic.ts";
import { queueNames, queueSettings } from "./queues.ts";
import type { QueueName } from "./queues.ts";
import { startWorkers } from "./workers.ts";
import type { Workers } from "./workers.ts";

/** What a store needs of the jobs. */
export interface JobQueue {
  /**
   * Enqueues a job on the connection behind `transaction`. While a job with the same queue and id waits to be run, it
   * is that job's time that is set anew: there is never more than one waiting.
   */
  enqueue(transaction: Db, job: Job, afterSeconds: number): Promise<void>;
  /** Enqueues jobs of which none waits to be run already: one statement for all of a queue. */
  enqueueNew(transaction: Db, jobs: readonly NewJob[]): Promise<void>;
  /** Takes back jobs of `enqueueNew`, also one that just runs. */
  forget(transaction: Db, jobs: readonly Job[]): Promise<void>;
  /** Makes this process look into the queues at once; to be called after the commit. */
  wake(queues: Iterable<QueueName>): void;
}

export type JobHandlers = Readonly<Record<QueueName, (id: string) => Promise<void>>>;

export interface Jobs extends JobQueue {
  /** Starts working. A handler that throws is tried again. */
  start(handlers: JobHandlers, periodic?: readonly PeriodicTask[]): Promise<void>;
  /** Takes no more jobs, waits up to ten seconds for the running ones, and closes the connections. */
  stop(): Promise<void>;
}

/** The database is the store's, since its transactions enqueue the jobs: one to connect to, or what runs SQL in it. */
export type JobsOptions = ({ readonly connectionString: string } | { readonly db: Db }) & {
  readonly log: Pick<Logger, "warn" | "error">;
};

/** Connects, and makes or updates pg-boss's own tables (schema `pgboss`) and the queues. */
export async function createJobs({ log, ...database }: JobsOptions): Promise<Jobs> {
  const boss = new PgBoss({
    ...database,
    application_name: "paypost-jobs",
    max: 4,
    schedule: false,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
  });
  boss.on("error", errorLogger(log));
  boss.on("warning", (warning) => log.warn({ warning: warning.message }, "the job queue warns"));
  await boss.start();
  await createQueues(boss);
  const workers = new Map<QueueName, Workers>();
  let stopPeriodic: (() => void) | undefined;
  return {
    async enqueue(transaction, { queue, id }, afterSeconds) {
      const data: JobData = { id, correlationId: currentCorrelation() };
      await boss.upsert(queue, data, { db: transaction, singletonKey: id, startAfter: afterSeconds });
    },
    async enqueueNew(transaction, jobs) {
      for (const [queue, added] of Map.groupBy(jobs, ({ job }) => job.queue)) {
        const inserted = added.map(({ job, afterSeconds, correlationId }) => ({
          // By its own id it is found again.
          id: job.id,
          data: { id: job.id, correlationId },
          singletonKey: job.id,
          startAfter: afterSeconds,
        }));
        await boss.insert(queue, inserted, { db: transaction });
      }
    },
    async forget(transaction, jobs) {
      for (const [queue, done] of Map.groupBy(jobs, (job) => job.queue))
        await boss.deleteJob(
          queue,
          done.map(({ id }) => id),
          { db: transaction },
        );
    },
    wake(queues) {
      for (const queue of queues) workers.get(queue)?.wake();
    },
    async start(handlers, periodic = []) {
      for (const queue of queueNames) workers.set(queue, await startQueue(boss, log, queue, handlers[queue]));
      stopPeriodic = await startPeriodic(boss, log, periodic);
    },
    async stop() {
      stopPeriodic?.();
      await boss.stop({ graceful: true, timeout: 10_000 });
    },
  };
}

interface JobData {
  readonly id: string;
  /** Of the request or operation that called for it. */
  readonly correlationId?: string | undefined;
}

const superviseSeconds = 5;

/** While the database is away every worker fails again and again: one line in five seconds is enough of them. */
function errorLogger(log: JobsOptions["log"]): (error: Error & { code?: string }) => void {
  let quietUntilMs = 0;
  return (error) => {
    if (Date.now() < quietUntilMs) return;
    quietUntilMs = Date.now() + 5_000;
    // An error of a connection carries its client, settings included: only what it says goes into the log.
    log.error({ code: error.code, reason: error.message }, "the job queue reports an error");
  };
}

/** A queue that exists already is given the settings of this release. */
async function createQueues(boss: PgBoss): Promise<void> {
  for (const name of queueNames) {
    const { concurrency: _, atOnce: __, ...settings } = queueSettings[name];
    await boss.createQueue(name, settings);
    await boss.updateQueue(name, settings);
  }
}

function startQueue(
  boss: PgBoss,
  log: JobsOptions["log"],
  queue: QueueName,
  handler: (id: string) => Promise<void>,
): Promise<Workers> {
  const handle = async (job: BossJob<JobData>) => {
    try {
      await handler(job.data.id);
      return true;
    } catch (error) {
      log.warn({ err: error, queue, id: job.data.id, tries: job.retryCount + 1 }, "a job failed");
      return false;
    }
  };
  const handleAsCalled = (job: BossJob<JobData>) =>
    withCorrelation(job.data.correlationId ?? job.id, () => handle(job));
  return startWorkers<JobData>(boss, queue, queueSettings[queue], async (jobs) => {
    const outcomes = await Promise.all(jobs.map(handleAsCalled));
    // pg-boss keeps what is thrown in the job's row, where details of an error have no business.
    if (outcomes.includes(false)) throw new JobFailed();
  });
}

class JobFailed extends Error {
  override readonly name = "JobFailed";
  constructor() {
    super("the handler failed; see the log");
  }
}
