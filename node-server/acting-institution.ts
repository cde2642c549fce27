/**
 * For which institution the work at hand is done, so that the database can hold it to that institution's rows. It follows the
 * work through its calls (`AsyncLocalStorage`), since no decision should have to pass it on.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const acting = new AsyncLocalStorage<string | undefined>();

/** Whatever is done of it sees this institution's rows only. */
export function asInstitution<T>(institutionId: string, work: () => T): T {
  return acting.run(institutionId, work);
}

/** For the few questions that are asked about others' rows; each says why. */
export function acrossInstitutions<T>(work: () => T): T {
  return acting.run(undefined, work);
}

/** Undefined for jobs, nodes and operators. */
export function actingInstitution(): string | undefined {
  return acting.getStore();
}
