/** Financial addresses as G2P Connect writes them, `type:id@provider`, and as the mapper keeps them. */
import type { AddressFields, Modality } from "#core/payee-addresses.ts";

const types = { account: "00", mobile: "01", voucher: "02", wallet: "03" } as const satisfies Record<
  string,
  Modality
>;

const typeOf = new Map<Modality, string>(Object.entries(types).map(([type, modality]) => [modality, type]));

const longest = 99;

/** What follows a type is not another type, nor nothing. */
const written =
  /^(?:(account|mobile|voucher|wallet):)?(?!(?:account|mobile|voucher|wallet):)([^@\s]+)@([^@\s]{1,64})$/i;

/** Undefined for a text that is none. A type that the mapper has no modality for makes a proxy, type and all. */
export function parseFinancialAddress(
  text: string,
): (AddressFields & { readonly address: string }) | undefined {
  const [, type, id, provider] = written.exec(text) ?? [];
  if (id === undefined || provider === undefined || text.length > longest) return undefined;
  const modality = type === undefined ? "04" : types[type.toLowerCase() as keyof typeof types];
  return { modality, institutionCode: provider, address: id };
}

export function formatFinancialAddress({ modality, institutionCode, address }: AddressFields): string {
  const type = typeOf.get(modality);
  return `${type === undefined ? "" : `${type}:`}${address ?? ""}${institutionCode === null ? "" : `@${institutionCode}`}`;
}
