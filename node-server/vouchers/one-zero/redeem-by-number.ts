/**
 * Redeeming by the voucher's number alone (GovStack vouchers, 1.0: voucher_redemption). The table's order of checks is
 * the law: the number, then the merchant and its money, also before the voucher's state is looked at.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import { normaliseVoucherNumber } from "#core/voucher-number.ts";
import { hasExpired } from "#core/voucher-validity.ts";
import type { InventoryRow, MerchantRow, RequestKey, Tx, VoucherRow } from "../../ports/store.ts";
import { canHoldLiquidity } from "../../payments/claim.ts";
import { hasGuessedTooMuch, noteWrongNumber } from "../guessing.ts";
import { indexOfNumber } from "../numbers.ts";
import type { NumberMaking } from "../numbers.ts";
import { checkGroup } from "../present.ts";
import { claimPresented, redeemOnce } from "../redeem-online.ts";
import type {
  ClaimRefusalCode,
  PayoutRefusalCode,
  PresentedClaim,
  RedeemDependencies,
  RedeemOutcome,
} from "../redeem-online.ts";
import { findCaller } from "./call.ts";
import type { OneZeroCall } from "./call.ts";

export interface NumberRedemption {
  /** As it was typed; null where there is none, or no text of digits. */
  readonly voucherNumber: string | null;
  readonly merchantName: string;
  /** Name or id of the merchant's financial service provider, or the merchant's account with it. */
  readonly merchantBankDetails: string;
  /** The group that the merchant redeems it under; null where the caller names none. */
  readonly merchantVoucherGroup: string | null;
  readonly override: boolean;
}

export type NumberRedemptionRefusal =
  | ClaimRefusalCode
  | PayoutRefusalCode
  | "unknown-number"
  | "too-many-wrong-numbers"
  | "unknown-merchant"
  | "not-pre-activated"
  | "wrong-merchant-group"
  | "override-not-permitted";

export type NumberRedemptionOutcome =
  | RedeemOutcome<NumberRedemptionRefusal>
  | { readonly outcome: "unknown-building-block" };

export async function redeemByNumber(
  deps: RedeemDependencies & { readonly numbers: Pick<NumberMaking, "randomBytes"> },
  call: OneZeroCall,
  request: NumberRedemption,
): Promise<NumberRedemptionOutcome> {
  const institutionId = await deps.store.transaction((tx) => findCaller(tx, call));
  if (institutionId === undefined) return { outcome: "unknown-building-block" };
  // Without a correlation id a call is always a new one; its claim still derives from an id of its own.
  const requestId = call.correlationId ?? `once-${bytesToHex(deps.numbers.randomBytes(16))}`;
  const key = { institutionId, call: "POST /vouchers/voucher_redemption", requestId };
  const identity = { key, bodyHash: call.bodyHash };
  return redeemOnce<NumberRedemptionRefusal>(deps, identity, (tx) =>
    presentNumber(tx, deps.indexKey, key, request),
  );
}

type Claimed = PresentedClaim<NumberRedemptionRefusal>;

async function presentNumber(
  tx: Tx,
  indexKey: Uint8Array,
  key: RequestKey,
  request: NumberRedemption,
): Promise<Claimed> {
  const { institutionId } = key;
  const merchant = await findMerchant(tx, request);
  const guesser = { institutionId, agentId: merchant?.id ?? null };
  const number = request.voucherNumber === null ? undefined : normaliseVoucherNumber(request.voucherNumber);
  if (number === undefined) return refused("unknown-number");
  if (await hasGuessedTooMuch(tx, guesser)) return refused("too-many-wrong-numbers");
  const found = await findByNumber(tx, indexOfNumber(indexKey, number));
  if (!found) {
    await noteWrongNumber(tx, guesser, undefined);
    return refused("unknown-number");
  }
  if (!merchant) return refused("unknown-merchant");
  if (merchant.status !== "active") return refused("merchant-not-creditable");
  if (!(await isFunded(tx, merchant, found))) return refused("fsp-funds-short");
  if (!("state" in found)) return refused("not-pre-activated");
  return claimFound(tx, key, found, merchant, request);
}

async function claimFound(
  tx: Tx,
  key: RequestKey,
  voucher: VoucherRow,
  merchant: MerchantRow,
  { merchantVoucherGroup, override }: NumberRedemption,
): Promise<Claimed> {
  const accepts = await tx.registry.acceptsAs(merchant.id, voucher.groupCode, merchantVoucherGroup);
  const group = await checkGroup(tx, key.institutionId, accepts, override);
  if (group !== "accepted" && group !== "overridden") return refused(group, voucher);
  if (hasExpired(voucher, await tx.now())) return refused("expired", voucher);
  return claimPresented(tx, key, { ok: true, voucher, merchant, overridden: group === "overridden" });
}

/** Whether the merchant's provider has the money now, should it be claimed. */
async function isFunded(tx: Tx, merchant: MerchantRow, voucher: VoucherRow | InventoryRow): Promise<boolean> {
  const { fspId } = await tx.registry.paymentTerms(merchant.id, voucher.groupCode, voucher.currency);
  return fspId === null || canHoldLiquidity(tx, fspId, voucher);
}

async function findByNumber(tx: Tx, index: Uint8Array): Promise<VoucherRow | InventoryRow | undefined> {
  const serial = await tx.vouchers.byNumber(index);
  if (serial === undefined) return tx.inventory.byNumber(index);
  return (await tx.vouchers.lock([serial])).get(serial);
}

/** The one merchant that name and bank details fit; none where they fit several. */
async function findMerchant(
  tx: Tx,
  { merchantName, merchantBankDetails }: NumberRedemption,
): Promise<MerchantRow | undefined> {
  const found = await tx.registry.merchantsByName(merchantName, merchantBankDetails);
  return found.length === 1 ? found[0] : undefined;
}

function refused(code: NumberRedemptionRefusal, voucher?: VoucherRow): Claimed {
  return { ok: false, code, voucher };
}
