/**
 * A voucher is presented for redemption (GovStack vouchers, redeem): serial, number, merchant, groups and override are
 * checked, each with its own refusal; state and lease are the claim's to judge.
 */
import { normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import type { VoucherRefusalCode } from "#core/voucher-refusal.ts";
import { hasExpired } from "#core/voucher-validity.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import type { MerchantRow, Tx, VoucherRow } from "../ports/store.ts";
import { hasGuessedTooMuch, noteWrongNumber } from "./guessing.ts";
import { indexOfNumber } from "./numbers.ts";

export interface Presentation {
  readonly institutionId: string;
  readonly serialNumber: string;
  readonly voucherNumber: string;
  /** Merchant or agent who is to be paid. */
  readonly agentId: string;
  /** Lifts the matrix of groups, for a caller that holds the permission. */
  readonly override: boolean;
}

export type PresentationRefusalCode =
  | "unknown-voucher"
  | "wrong-number"
  | "too-many-wrong-numbers"
  | "unknown-agent"
  | "wrong-merchant-group"
  | "override-not-permitted"
  | Extract<VoucherRefusalCode, "expired">;

export type Presented =
  | {
      readonly ok: true;
      readonly voucher: VoucherRow;
      readonly merchant: MerchantRow;
      /** The matrix of groups would have refused it. */
      readonly overridden: boolean;
    }
  | {
      readonly ok: false;
      readonly code: PresentationRefusalCode;
      readonly voucher: VoucherRow | undefined;
    };

/** Locks the voucher. The transaction is to be committed on a refusal too: a wrong number is counted in it. */
export async function presentVoucher(
  tx: Tx,
  indexKey: Uint8Array,
  presentation: Presentation,
): Promise<Presented> {
  const { institutionId, agentId } = presentation;
  const guesser = { institutionId, agentId };
  const serial = parseSerial(presentation.serialNumber);
  const voucher = serial === undefined ? undefined : (await tx.vouchers.lock([serial])).get(serial);
  const refused = (code: PresentationRefusalCode) => ({ ok: false, code, voucher }) as const;
  if (!voucher) return refused("unknown-voucher");
  if (await hasGuessedTooMuch(tx, guesser)) return refused("too-many-wrong-numbers");
  if (!isNumberOf(voucher, indexKey, presentation.voucherNumber)) {
    await noteWrongNumber(tx, guesser, voucher);
    return refused("wrong-number");
  }
  const merchant = await tx.registry.merchant(agentId);
  if (!merchant) return refused("unknown-agent");
  const accepts = await tx.registry.accepts(agentId, voucher.groupCode);
  const group = await checkGroup(tx, institutionId, accepts, presentation.override);
  if (group !== "accepted" && group !== "overridden") return refused(group);
  if (hasExpired(voucher, await tx.now())) return refused("expired");
  return { ok: true, voucher, merchant, overridden: group === "overridden" };
}

/** What the matrix of groups says, and whether the caller may lift it where it says no. */
export async function checkGroup(
  tx: Tx,
  institutionId: string,
  accepts: boolean,
  override: boolean,
): Promise<"accepted" | "overridden" | "wrong-merchant-group" | "override-not-permitted"> {
  if (accepts) return "accepted";
  if (!override) return "wrong-merchant-group";
  const isPermitted = await tx.registry.hasPermission(institutionId, "override");
  return isPermitted ? "overridden" : "override-not-permitted";
}

function isNumberOf(voucher: VoucherRow, indexKey: Uint8Array, typed: string): boolean {
  const number = normaliseVoucherNumber(typed);
  return number !== undefined && equalBytes(indexOfNumber(indexKey, number), voucher.numberIndex);
}
