/** Whether a voucher could be redeemed now (GovStack vouchers, validity), asked by serial or by number and group. */
import { formatSerial, normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import type { Tx, VoucherRow } from "../ports/store.ts";
import { hasGuessedTooMuch, noteWrongNumber } from "./guessing.ts";
import { indexOfNumber } from "./numbers.ts";

export type ValidityQuestion =
  | { readonly serialNumber: string }
  | { readonly voucherNumber: string; readonly groupCode: string };

export interface Validity {
  /** As it was asked, or the found voucher's; null where no voucher has the number. */
  readonly serialNumber: string | null;
  readonly isValid: boolean;
}

/** Only the institution's own vouchers are valid to it. An unknown number counts as a wrong one. */
export async function checkValidity(
  tx: Tx,
  indexKey: Uint8Array,
  institutionId: string,
  question: ValidityQuestion,
): Promise<Validity | "too-many-wrong-numbers"> {
  if ("serialNumber" in question) {
    const serial = parseSerial(question.serialNumber);
    const voucher = serial === undefined ? undefined : await tx.vouchers.find(serial);
    const isValid = isOwn(voucher, institutionId) && isRedeemable(voucher, await tx.now());
    return { serialNumber: serial === undefined ? question.serialNumber : formatSerial(serial), isValid };
  }
  const guesser = { institutionId, agentId: null };
  if (await hasGuessedTooMuch(tx, guesser)) return "too-many-wrong-numbers";
  const voucher = await findByNumber(tx, indexKey, question.voucherNumber);
  const group = await tx.registry.voucherGroup(question.groupCode);
  if (!isOwn(voucher, institutionId) || voucher.groupCode !== group?.code) {
    await noteWrongNumber(tx, guesser, undefined);
    return { serialNumber: null, isValid: false };
  }
  return { serialNumber: formatSerial(voucher.serial), isValid: isRedeemable(voucher, await tx.now()) };
}

async function findByNumber(tx: Tx, indexKey: Uint8Array, typed: string): Promise<VoucherRow | undefined> {
  const number = normaliseVoucherNumber(typed);
  if (number === undefined) return undefined;
  const serial = await tx.vouchers.byNumber(indexOfNumber(indexKey, number));
  return serial === undefined ? undefined : tx.vouchers.find(serial);
}

function isOwn(voucher: VoucherRow | undefined, institutionId: string): voucher is VoucherRow {
  return voucher?.institutionId === institutionId;
}

/** A leased voucher is good at the shop that holds it; one that waits to be ended is not. */
function isRedeemable({ state, pending, expiresAt }: VoucherRow, now: Date): boolean {
  return (state === "activated" || state === "leased") && pending === null && now <= expiresAt;
}
