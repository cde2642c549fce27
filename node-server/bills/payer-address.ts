/** Payers' financial addresses and aliases: addresses are kept sealed, aliases found by a keyed index (`../addresses.ts`). */
import type { Addresses } from "../addresses.ts";
import { paidAt } from "../mapper/resolve.ts";
import type { AliasType } from "../ports/bill-rows.ts";
import type { Tx } from "../ports/store.ts";

export interface PayerAlias {
  readonly type: AliasType;
  readonly id: string;
}

export type ResolvedAlias =
  | { readonly ok: true; readonly payerFiId: string; readonly sealedAddress: Uint8Array }
  /** `ambiguous`: several payer FIs have a customer of that alias. */
  | { readonly ok: false; readonly code: "unknown-alias" | "ambiguous-alias" };

/** Whose customer somebody is, of the payer FIs that are linked with the biller, and how that FI knows them. */
export type ResolveAlias = (tx: Tx, billerId: string, alias: PayerAlias) => Promise<ResolvedAlias>;

/**
 * Through the account mapper (GovStack Payments BB, P2G): a payer FI maps its own customers, by the alias as their identity,
 * to their accounts. An alias that operators registered goes before.
 */
export function createResolveAlias(addresses: Pick<Addresses, "index" | "ofPayers">): ResolveAlias {
  return async (tx, billerId, alias) => {
    const registered = await tx.billers.alias(alias.type, aliasIndex(addresses, alias));
    if (registered) return { ok: true, ...registered };
    const payerFis = await tx.billers.payerFisOf(billerId);
    const customers = (
      await tx.payees.withAny(payerFis, [...new Set([alias.id, plainAlias(alias)])])
    ).flatMap((payee) => {
      const paid = paidAt(payee);
      return "account" in paid ? [{ payerFiId: payee.institutionId, account: paid.account }] : [];
    });
    const [customer, ...others] = customers;
    if (!customer) return { ok: false, code: "unknown-alias" };
    if (others.some((other) => other.payerFiId !== customer.payerFiId || other.account !== customer.account))
      return { ok: false, code: "ambiguous-alias" };
    const { payerFiId, account } = customer;
    return { ok: true, payerFiId, sealedAddress: addresses.ofPayers.seal(account) };
  };
}

export function aliasIndex(addresses: Pick<Addresses, "index">, alias: PayerAlias): Uint8Array {
  return addresses.index("payer-alias", alias.type, plainAlias(alias));
}

/** Letters' case, spaces and dashes make no other alias. */
function plainAlias({ type, id }: PayerAlias): string {
  return id.toLowerCase().replace(type === "02" ? /\s/g : /[\s-]/g, "");
}
