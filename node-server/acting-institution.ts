/**
 * For which institution the work at hand is done, so that the database can hold it to that institution's rows. It follows the
 * work through its calls (`AsyncLocalStorage`), since no decision should have to pass it on.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export interface ActingInstitution {
  readonly id: string;
  /** Whether it finds rows of others too, where those are parties of what it may do. */
  readonly isAboutOthers: boolean;
}

const acting = new AsyncLocalStorage<ActingInstitution | undefined>();

/** Whatever is done of it sees the institution's rows only (`postgres/caller-role.ts`). */
export function asInstitution<T>(institution: ActingInstitution, work: () => T): T {
  return acting.run(institution, work);
}

/** For the few questions that are asked about others' rows; each says why. */
export function acrossInstitutions<T>(work: () => T): T {
  return acting.run(undefined, work);
}

/** Undefined for jobs, nodes and operators. */
export function actingInstitution(): ActingInstitution | undefined {
  return acting.getStore();
}
