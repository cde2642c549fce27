/** Where a payee is paid now: what payments ask of the account mapper at execution. */
import type { Modality, PayeeAddress } from "#core/payee-addresses.ts";
import type { PayeeRow } from "../ports/mapper.ts";
import type { Tx } from "../ports/store.ts";

export type ResolvedPayee =
  | {
      readonly kind: "bank" | "mobile-money" | "digital-wallet" | "proxy";
      /** The institution that keeps the account, as it was registered; null where nobody named one. */
      readonly fspId: string | null;
      readonly account: string;
    }
  | { readonly kind: "voucher" }
  /** `inactive`: the payee or its address; `unaddressed`: registered without any address. */
  | { readonly kind: "unknown" | "inactive" | "unaddressed" };

export interface PayeeQuestion {
  readonly institutionId: string;
  readonly payeeIdentity: string;
}

export async function resolvePayee(
  tx: Pick<Tx, "payees">,
  { institutionId, payeeIdentity }: PayeeQuestion,
): Promise<ResolvedPayee> {
  return paidAt(await tx.payees.find(institutionId, payeeIdentity));
}

/** The same for many payees of an institution, in one query; each of them is answered. */
export async function resolvePayees(
  tx: Pick<Tx, "payees">,
  institutionId: string,
  identities: readonly string[],
): Promise<Map<string, ResolvedPayee>> {
  const found = await tx.payees.findAll(institutionId, identities);
  return new Map(identities.map((identity) => [identity, paidAt(found.get(identity))]));
}

/** The address that the payee is paid at; undefined where it has none. */
export function preferredAddress(payee: PayeeRow): PayeeAddress | undefined {
  return payee.addresses.find(({ n }) => n === payee.preferred);
}

/** Where a payee that is known is paid. */
export function paidAt(payee: PayeeRow | undefined): ResolvedPayee {
  if (!payee || payee.state === "unlinked") return { kind: "unknown" };
  const preferred = preferredAddress(payee);
  if (!preferred) return { kind: payee.state === "active" ? "unaddressed" : "inactive" };
  if (payee.state !== "active" || !preferred.active) return { kind: "inactive" };
  const kind = kinds[preferred.modality];
  if (kind === "voucher") return { kind };
  if (preferred.address === null) throw new Error(`the ${kind} address of payee ${payee.id} is empty`);
  return { kind, fspId: preferred.institutionCode, account: preferred.address };
}

const kinds = {
  "00": "bank",
  "01": "mobile-money",
  "02": "voucher",
  "03": "digital-wallet",
  "04": "proxy",
} as const satisfies Record<Modality, ResolvedPayee["kind"]>;
