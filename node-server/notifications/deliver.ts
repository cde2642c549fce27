/**
 * Sends one notification and writes down what came of it; after a day of trying it has failed, which operators see.
 * The next try is enqueued with the record of the last, so that one job waits for it however often it is asked for.
 */
import { causeOf, waitSeconds } from "../delivery.ts";
import type { Store } from "../ports/store.ts";
import type { SendMessage } from "./port.ts";
import { textOf } from "./templates.ts";

const giveUpAfterMs = 86_400_000;

/** Does nothing for a notification that waits no longer. */
export async function deliverNotification(store: Store, send: SendMessage, id: bigint): Promise<void> {
  const row = await store.transaction((tx) => tx.notifications.find(id));
  if (row?.state !== "waiting") return;
  const message = { to: row.to, ...textOf(row.facts, row.to.language), idempotencyKey: `notification-${id}` };
  const error = await send(message).then(() => null, causeOf);
  const isTooOld = Date.now() - row.requestedAt.getTime() > giveUpAfterMs;
  const state = error === null ? "sent" : isTooOld ? "failed" : "waiting";
  await store.transaction(async (tx) => {
    const isCurrent = await tx.notifications.recordTry(row, state, error);
    if (isCurrent && state === "waiting")
      await tx.jobs.enqueue({ queue: "notify", id: String(id) }, waitSeconds(row.tries + 1));
  });
}

/** Notifications that wait without a job: an operator asked for them again. */
export async function sendForgottenNotifications(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (const id of await tx.notifications.forgotten(500))
      await tx.jobs.enqueue({ queue: "notify", id: String(id) });
  });
}

const addressDays = 30;

/** Addresses are kept for as long as somebody may want a notification sent again. Returns how many were erased. */
export function eraseAddresses(store: Store): Promise<number> {
  return store.transaction(async (tx) => {
    const before = new Date((await tx.now()).getTime() - addressDays * 86_400_000);
    return tx.notifications.eraseAddresses(before);
  });
}
