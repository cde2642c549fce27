/**
 * Where payees are paid now: what the execution of a batch asks of the account mapper, for many of an institution's payees
 * at once. Each of them is answered.
 */
import type { Tx } from "../ports/store.ts";

export type ResolvedPayee =
  | {
      readonly kind: "bank" | "mobile-money" | "digital-wallet" | "proxy";
      /** The institution that keeps the account; null where nobody named one. */
      readonly fspId: string | null;
      readonly account: string;
    }
  | { readonly kind: "voucher" }
  /** `inactive`: the payee or its address; `unaddressed`: registered without any address. */
  | { readonly kind: "unknown" | "inactive" | "unaddressed" };

export type ResolvePayees = (
  tx: Tx,
  institutionId: string,
  identities: readonly string[],
) => Promise<ReadonlyMap<string, ResolvedPayee>>;

/** For a server without a mapper: batches are paid to the addresses that they name. */
export const resolveNobody: ResolvePayees = (_tx, _institutionId, identities) =>
  Promise.resolve(new Map(identities.map((identity) => [identity, { kind: "unknown" }])));
