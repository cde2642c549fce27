/** What a caller is told of an item that failed: total maps, the compiler finds a missing entry. At most 100 characters. */
import type { BeneficiaryRefusal } from "#core/beneficiary.ts";
import { mostAddresses } from "#core/payee-addresses.ts";
import type { ItemMistake } from "./changes-of.ts";
import type { LookUpAnswer } from "./look-up.ts";
import type { ResolvedPayee } from "./resolve.ts";

export const changeReasons: Readonly<Record<BeneficiaryRefusal | ItemMistake, string>> = {
  "already-registered": "Already Registered",
  "not-registered": "Not Registered",
  "unknown-modality": "Unknown Payment Modality: use 00, 01, 02, 03 or 04",
  "address-exists": "Address Exists: the payee has this address already",
  "address-required": "Financial Address Required: only a voucher needs none",
  "no-such-address": "No Such Address: the payee has no address that the update names",
  "several-addresses": "Several Addresses: name the one to change by bankingInstitutionCode or replaces",
  "too-many-addresses": `Too Many Addresses: a payee has at most ${mostAddresses}`,
  "preferred-stays": "Preferred Address: prefer another address before this one is deactivated",
  "address-inactive": "Inactive Address: activate it before it is preferred",
};

/** The same in the words of G2P Connect: what is wrong is the id or the financial address. */
export const changeCodes: Readonly<Record<BeneficiaryRefusal | ItemMistake, string>> = {
  "already-registered": "rjct.id.invalid",
  "not-registered": "rjct.id.invalid",
  "unknown-modality": "rjct.fa.invalid",
  "address-exists": "rjct.fa.invalid",
  "address-required": "rjct.fa.invalid",
  "no-such-address": "rjct.fa.invalid",
  "several-addresses": "rjct.fa.invalid",
  "too-many-addresses": "rjct.fa.invalid",
  "preferred-stays": "rjct.fa.invalid",
  "address-inactive": "rjct.fa.invalid",
};

export const lookUpReasons: Readonly<Record<Exclude<LookUpAnswer["outcome"], "found">, string>> = {
  unknown: "Not Registered",
  inactive: "Inactive",
  unaddressed: "No Address: there is no active address, or none of the modality",
};

type NotPaid = Extract<ResolvedPayee, { readonly kind: "unknown" | "inactive" | "unaddressed" }>["kind"];

export const payeeReasons: Readonly<Record<NotPaid, string>> = {
  unknown: "Not Registered",
  inactive: "Inactive",
  unaddressed: "No Address",
};

export const bankReasons = {
  refused: "Not Validated: the bank takes no such question",
  silent: "Not Validated: the bank has not answered",
} as const;

export const accountReasons = {
  unknown: "Unknown Account: no payee of this institution has the address",
  inactive: "Inactive Account",
} as const;
