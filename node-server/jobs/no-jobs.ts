/** For a store whose transactions call for nothing that a worker would do: what they enqueue is dropped. */
import type { JobQueue } from "./boss.ts";

export const noJobs: JobQueue = {
  enqueue: async () => {},
  enqueueNew: async () => {},
  forget: async () => {},
  wake: () => {},
};
