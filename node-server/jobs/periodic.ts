/**
 * Work that is done again and again, by one process at a time whatever their number: every process offers each period
 * as a job, and pg-boss keeps one job for a period and none while one is running.
 */
import type { PgBoss } from "pg-boss";
import type { Logger } from "pino";
import { periodicSettings } from "./queues.ts";

export interface PeriodicTask {
  /** Letters, digits, dots, dashes and underscores; the same in every process. */
  readonly name: string;
  readonly everySeconds: number;
  run(): Promise<void>;
}

/** Starts the tasks; each runs for the first time at once. Returns what stops offering further periods. */
export async function startPeriodic(
  boss: PgBoss,
  log: Pick<Logger, "warn">,
  tasks: readonly PeriodicTask[],
): Promise<() => void> {
  const stops: (() => void)[] = [];
  for (const task of tasks) stops.push(await startTask(boss, log, task));
  return () => {
    for (const stop of stops) stop();
  };
}

async function startTask(boss: PgBoss, log: Pick<Logger, "warn">, task: PeriodicTask): Promise<() => void> {
  const queue = `periodic.${task.name}`;
  await boss.createQueue(queue, periodicSettings);
  const worker = await boss.work(queue, { pollingIntervalSeconds: Math.max(0.5, task.everySeconds) }, () =>
    task.run().catch((error: unknown) => {
      log.warn({ err: error, task: task.name }, "a periodic task failed; it runs again in its next period");
    }),
  );
  const offer = async () => {
    try {
      const sent = await boss.send(queue, null, { singletonSeconds: task.everySeconds });
      if (sent !== null) boss.notifyWorker(worker);
    } catch (error) {
      log.warn({ err: error, task: task.name }, "a period could not be offered");
    }
  };
  await offer();
  // Twice in a period, so that none is missed where the timer and the period's bounds drift apart.
  const timer = setInterval(() => void offer(), task.everySeconds * 500);
  return () => clearInterval(timer);
}
