/** Callbacks that wait without a job: an operator asked for them again from the command line, which enqueues nothing. */
import type { Store } from "../ports/store.ts";

const mostAtOnce = 500;

export async function sendForgotten(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (const id of await tx.callbacks.forgotten(mostAtOnce))
      await tx.jobs.enqueue({ queue: "callback", id: String(id) });
  });
}
