/** Nobody waits for a payment provider for ever: what is not known in time goes on, and the payout's job sees to it. */

/** How long a caller waits for a payout before it is answered without. */
export const payoutWaitMs = 10_000;

/** What the work gave; undefined when it takes longer, or fails. */
export async function withinMs<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeOut = new Promise<undefined>(
    (resolve) => (timer = setTimeout(() => resolve(undefined), limitMs)),
  );
  try {
    return await Promise.race([work.catch(() => undefined), timeOut]);
  } finally {
    clearTimeout(timer);
  }
}
