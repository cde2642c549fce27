/** Handlers of every queue that do nothing, for tests that look at one queue. */
import type { JobHandlers } from "../../node-server/jobs/boss.ts";
import { queueNames } from "../../node-server/jobs/queues.ts";

const none = () => Promise.resolve();

export const idleHandlers = Object.fromEntries(
  queueNames.map((queue) => [queue, none]),
) as unknown as JobHandlers;
