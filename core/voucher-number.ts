/**
 * Serials and voucher numbers (GovStack Payments BB, vouchers: "Numbers"). A number is 16 digits without a leading
 * zero, at most 2^53 - 1, its last digit Luhn; it has about 49 bits of chance and nothing to do with the serial.
 */

const smallest = 1_000_000_000_000_00n;
const beyond = 9_007_199_254_740_99n;

/**
 * Draws a voucher number from cryptographic random bytes. Returns undefined when the draw falls outside the even
 * range and must be made again with fresh bytes, so that every number is equally likely.
 */
export function drawVoucherNumber(random: Uint8Array): string | undefined {
  if (random.length !== 8) throw new Error("a voucher number is drawn from 8 random bytes");
  const range = beyond - smallest;
  const draw = random.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (draw >= (1n << 64n) - ((1n << 64n) % range)) return undefined;
  const payload = (smallest + (draw % range)).toString();
  return payload + luhnDigit(payload);
}

/** The check digit of ISO/IEC 7812-1 for a string of decimal digits. */
export function luhnDigit(payload: string): string {
  let sum = 0;
  for (let index = 0; index < payload.length; index++) {
    const digit = Number(payload[payload.length - 1 - index]);
    const weighted = index % 2 === 0 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return String((10 - (sum % 10)) % 10);
}

/** True for digits whose last one is their Luhn digit: a help for whoever types, never a reason to refuse. */
export function hasLuhnDigit(digits: string): boolean {
  return /^[0-9]{2,}$/.test(digits) && luhnDigit(digits.slice(0, -1)) === digits.at(-1);
}

/** A voucher number as typed or scanned (spaces and dashes allowed) in its stored form, or undefined. */
export function normaliseVoucherNumber(typed: string): string | undefined {
  const digits = typed.replace(/[\s-]/g, "");
  if (!/^[0-9]{1,16}$/.test(digits)) return undefined;
  return digits.padStart(16, "0");
}

/** A serial as typed or sent, zero-padded or not, by its numeric value; undefined when it is not one. */
export function parseSerial(text: string): bigint | undefined {
  const digits = text.trim();
  if (!/^[0-9]{1,25}$/.test(digits)) return undefined;
  const serial = BigInt(digits);
  return serial > 0n && serial <= 9_007_199_254_740_991n ? serial : undefined;
}

/** The serial as the current API prints it: 10 digits, zero-padded. */
export function formatSerial(serial: bigint): string {
  return serial.toString().padStart(10, "0");
}
