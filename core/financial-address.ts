/**
 * Financial addresses as people write them, put right where that is safe: spaces, case, and the country prefix of a phone
 * number. What is left wrong goes back to whoever sent it.
 */

export type AddressText =
  | { readonly ok: true; readonly value: string; readonly corrections: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** A phone number in E.164 form. `countryCode` is the calling code that a national number is given, such as `254`. */
export function readMsisdn(text: string, countryCode: string | null): AddressText {
  const bare = text.replaceAll(/[\s().-]/g, "");
  const corrections = bare === text ? [] : ["spaces removed from the phone number"];
  const value = withPrefix(bare, countryCode);
  if (value === undefined) return { ok: false, reason: "is no phone number with its country's prefix" };
  if (!/^\+[1-9][0-9]{6,14}$/.test(value)) return { ok: false, reason: "is no phone number" };
  if (value !== bare) corrections.push("country prefix added to the phone number");
  return { ok: true, value, corrections };
}

function withPrefix(bare: string, countryCode: string | null): string | undefined {
  if (bare.startsWith("+")) return bare;
  if (bare.startsWith("00")) return `+${bare.slice(2)}`;
  if (!/^[0-9]+$/.test(bare) || countryCode === null) return undefined;
  if (bare.startsWith("0")) return `+${countryCode}${bare.slice(1)}`;
  // A number that begins with the calling code may be national all the same, unless it is too long for that.
  return bare.startsWith(countryCode) && bare.length >= countryCode.length + 9 ? `+${bare}` : undefined;
}

/** An IBAN (ISO 13616), its check digits verified. */
export function readIban(text: string): AddressText {
  const value = text.replaceAll(/[\s-]/g, "").toUpperCase();
  if (!/^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/.test(value)) return { ok: false, reason: "is no IBAN" };
  if (!hasCheckDigits(value)) return { ok: false, reason: "is no IBAN: its check digits do not fit" };
  return { ok: true, value, corrections: correctionsOf(text, value, "IBAN") };
}

/** An account or wallet as its institution writes it: only spaces are taken out. */
export function readAccount(text: string): AddressText {
  const value = text.replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9._@+/-]{1,34}$/.test(value))
    return { ok: false, reason: "must be 1 to 34 letters, digits or signs of an account" };
  return { ok: true, value, corrections: correctionsOf(text, value, "account") };
}

/** The code of an institution, such as a BIC. */
export function readInstitutionCode(text: string): AddressText {
  const value = text.replaceAll(/\s/g, "").toUpperCase();
  if (!/^[A-Z0-9_-]{1,11}$/.test(value)) return { ok: false, reason: "must be 1 to 11 letters and digits" };
  return { ok: true, value, corrections: correctionsOf(text, value, "institution code") };
}

function correctionsOf(text: string, value: string, what: string): string[] {
  return text === value ? [] : [`spaces or case of the ${what} put right`];
}

/** ISO 7064 MOD 97-10 over the rearranged characters, letters as 10 to 35. */
function hasCheckDigits(iban: string): boolean {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4))
    for (const digit of Number.parseInt(character, 36).toString())
      remainder = (remainder * 10 + Number(digit)) % 97;
  return remainder === 1;
}
