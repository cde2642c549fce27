/**
 * The workers of one queue in this process. An idle one looks for jobs now and then only: one is woken by who enqueues a job
 * here, by another that has just taken one, and by itself when it has ended one.
 */
import type { Job, PgBoss } from "pg-boss";
import type { QueueSettings } from "./queues.ts";

/** How soon a job is noticed that comes due, or that another process has enqueued. */
const lookEverySeconds = 2;

export interface Workers {
  /** Makes one that is idle look into the queue at once; those that work look when they have ended. */
  wake(): void;
}

export async function startWorkers<Data>(
  boss: PgBoss,
  queue: string,
  { concurrency, atOnce = 1 }: Pick<QueueSettings, "concurrency" | "atOnce">,
  handle: (jobs: readonly Job<Data>[]) => Promise<void>,
): Promise<Workers> {
  const idle = new Set<string>();
  const wake = () => {
    const [first] = idle;
    if (first !== undefined) boss.notifyWorker(first);
  };
  const startWorker = async (): Promise<void> => {
    const options = { pollingIntervalSeconds: lookEverySeconds, batchSize: atOnce };
    const id: string = await boss.work<Data>(queue, options, async (jobs) => {
      idle.delete(id);
      wake();
      try {
        await handle(jobs);
      } finally {
        idle.add(id);
        boss.notifyWorker(id);
      }
    });
    idle.add(id);
  };
  for (let started = 0; started < concurrency; started += 1) await startWorker();
  return { wake };
}
