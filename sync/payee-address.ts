/**
 * Financial addresses as a node checks them before it queues them, so that the agent can ask again while the payee is
 * there. What is safe to correct is corrected: spaces, case, and the form of a telephone number (E.164).
 */
import { electronicFormatIBAN, isValidIBAN } from "ibantools";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import type { Modality } from "#core/payee-addresses.ts";

export type AddressProblem =
  | "address-required"
  | "not-an-iban"
  | "not-an-account-number"
  | "not-a-phone-number"
  | "too-long";

export type CheckedAddress =
  | { readonly ok: true; readonly address: string | null }
  | { readonly ok: false; readonly problem: AddressProblem };

/** As long as an IBAN. */
const longest = 34;

export function checkAddress(modality: Modality, written: string | undefined): CheckedAddress {
  const text = written?.trim() ?? "";
  if (text === "") return modality === "02" ? good(null) : bad("address-required");
  switch (modality) {
    case "00":
      return checkAccount(text);
    case "01":
      return checkPhone(text);
    // A voucher may be told of to a telephone; where not, to whatever the programme agreed on.
    case "02":
    case "03":
    case "04":
      return text.startsWith("+") ? checkPhone(text) : checkText(text);
  }
}

/** Two letters and two digits begin an IBAN; whatever else a bank calls an account has digits, letters and dashes. */
function checkAccount(text: string): CheckedAddress {
  const plain = electronicFormatIBAN(text) ?? "";
  if (/^[A-Z]{2}[0-9]{2}[A-Z0-9]{8,}$/.test(plain))
    return isValidIBAN(plain) ? good(plain) : bad("not-an-iban");
  const account = text.replaceAll(/\s/g, "").toUpperCase();
  if (account.length > longest) return bad("too-long");
  return /^[0-9A-Z][0-9A-Z-]{3,}$/.test(account) ? good(account) : bad("not-an-account-number");
}

/** With its country prefix: a node may stand near a border. */
function checkPhone(text: string): CheckedAddress {
  const number = text.startsWith("+") ? parsePhoneNumberFromString(text) : undefined;
  return number?.isPossible() ? good(number.number) : bad("not-a-phone-number");
}

function checkText(text: string): CheckedAddress {
  return text.length > longest ? bad("too-long") : good(text);
}

function good(address: string | null): CheckedAddress {
  return { ok: true, address };
}

function bad(problem: AddressProblem): CheckedAddress {
  return { ok: false, problem };
}
