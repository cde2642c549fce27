/** Billers that have taken our message about a payment and not answered it are told again, without end. */
import type { Store, Tx } from "../ports/store.ts";
import { adviceOf } from "./payments.ts";

const mostAtOnce = 500;
const longestWaitMs = 3 * 3_600_000;
/** Some two hours of silence. */
const remindersUntilAlert = 7;

export async function remindBillers(store: Store): Promise<void> {
  const due = await store.transaction(async (tx) => tx.billPayments.toRemind(await tx.now(), mostAtOnce));
  for (const id of due) await store.transaction((tx) => remind(tx, id));
}

async function remind(tx: Tx, id: bigint): Promise<void> {
  const payment = await tx.billPayments.find(id);
  if (payment?.state !== "advised") return;
  const { reminders, billerId, billId } = payment;
  const waitMs = Math.min(longestWaitMs, 60_000 * 2 ** Math.min(reminders + 1, 20));
  const at = new Date((await tx.now()).getTime() + waitMs);
  // Answered meanwhile.
  if (!(await tx.billPayments.remindAgainAt(id, at))) return;
  // One that could not be delivered yet is tried again by itself.
  if ((await tx.callbacks.stateOf("bill-advice", id)) !== "waiting") {
    await tx.jobs.enqueue(await adviceOf(tx, payment));
  }
  if (reminders >= remindersUntilAlert)
    await tx.alerts.raise("biller-silent", `bill-payment:${id}`, { biller: billerId, bill: billId });
}
