/** Sends one notification and writes down what came of it; after a day of trying it has failed, which operators see. */
import type { Store } from "../ports/store.ts";
import type { SendMessage } from "./port.ts";
import { textOf } from "./templates.ts";

export class NotSent extends Error {}

const giveUpAfterMs = 86_400_000;

/** Throws NotSent when it is to be tried again. */
export async function deliverNotification(store: Store, send: SendMessage, id: bigint): Promise<void> {
  const row = await store.transaction((tx) => tx.notifications.find(id));
  if (row?.state !== "waiting") return;
  const message = { to: row.to, ...textOf(row.facts, row.to.language), idempotencyKey: `notification-${id}` };
  const error = await send(message).then(
    () => null,
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)).slice(0, 200),
  );
  const isTooOld = Date.now() - row.requestedAt.getTime() > giveUpAfterMs;
  const state = error === null ? "sent" : isTooOld ? "failed" : "waiting";
  await store.transaction((tx) => tx.notifications.recordTry(id, state, error));
  if (state === "waiting") throw new NotSent(error ?? "");
}

/** Notifications that wait without a job: an operator asked for them again. */
export async function sendForgottenNotifications(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (const id of await tx.notifications.forgotten(500))
      await tx.jobs.enqueue({ queue: "notify", id: String(id) });
  });
}
