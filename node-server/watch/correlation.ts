/**
 * What belongs together: an id that a caller gives (`X-CorrelationID`), or that is made for a request, an operation of a node, or a
 * job. It is in every line of the log, in the callback that tells the outcome, and follows the work through whatever it waits for.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<string>();

export function currentCorrelation(): string | undefined {
  return storage.getStore();
}

export function withCorrelation<T>(id: string, work: () => T): T {
  return storage.run(id, work);
}

/** Whatever else somebody sends as one would be a way to write into our log. */
export function isCorrelation(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9._:-]{1,100}$/.test(text);
}
