/** Nobody waits for a payment provider for ever: what is not known in time goes on, and the payout's job sees to it. */
import type { PaymentGateway } from "./gateway.ts";

/** What the work with the gateway gave; undefined when it takes longer than a caller waits, or fails. */
export async function inTime<T>(
  { callerWaitsMs = 10_000 }: PaymentGateway,
  work: Promise<T>,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeOut = new Promise<undefined>(
    (resolve) => (timer = setTimeout(() => resolve(undefined), callerWaitsMs)),
  );
  try {
    return await Promise.race([work.catch(() => undefined), timeOut]);
  } finally {
    clearTimeout(timer);
  }
}
