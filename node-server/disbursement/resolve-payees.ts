/**
 * Where payees are paid now: what the execution of a batch asks of the account mapper, for many of an institution's payees
 * at once. Each of them is answered.
 */
import type { ResolvedPayee } from "../mapper/resolve.ts";
import type { Tx } from "../ports/store.ts";

export type ResolvePayees = (
  tx: Tx,
  institutionId: string,
  identities: readonly string[],
) => Promise<ReadonlyMap<string, ResolvedPayee>>;
