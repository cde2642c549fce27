/** Payers' financial addresses and aliases: addresses are kept sealed, aliases found by a keyed index (`../addresses.ts`). */
import type { Addresses } from "../addresses.ts";
import type { AliasType } from "../ports/bill-rows.ts";
import type { Tx } from "../ports/store.ts";

export interface PayerAlias {
  readonly type: AliasType;
  readonly id: string;
}

/** The account mapper as requests to pay need it: whose customer somebody is, and how that FI knows them. */
export type ResolveAlias = (
  tx: Tx,
  alias: PayerAlias,
) => Promise<{ readonly payerFiId: string; readonly sealedAddress: Uint8Array } | undefined>;

/** Aliases that operators registered for payer FIs. */
export function registeredAliases(addresses: Pick<Addresses, "index">): ResolveAlias {
  return (tx, alias) => tx.billers.alias(alias.type, aliasIndex(addresses, alias));
}

/** Letters' case, spaces and dashes make no other alias. */
export function aliasIndex(addresses: Pick<Addresses, "index">, { type, id }: PayerAlias): Uint8Array {
  const plain = id.toLowerCase().replace(type === "02" ? /\s/g : /[\s-]/g, "");
  return addresses.index("payer-alias", type, plain);
}
