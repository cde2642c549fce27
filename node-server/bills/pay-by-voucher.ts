/**
 * A voucher that pays a bill (GovStack Payments BB, P2G: voucherRedemption): voucher and bill are judged and taken in one
 * decision; the biller's answer consumes the voucher, or gives it back.
 */
import { decideVoucher } from "#core/decide.ts";
import { formatMajor } from "#core/money.ts";
import { normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import type { VoucherRefusalCode } from "#core/voucher-refusal.ts";
import { hasExpired } from "#core/voucher-validity.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import type { Accepted, RequestIdentity } from "../accept-once.ts";
import { claimIdOf, transactionIdOf } from "../payments/claim.ts";
import type { BillerRow } from "../ports/bill-rows.ts";
import type { Store, Tx, VoucherRow } from "../ports/store.ts";
import { closeOpenLease } from "../vouchers/leases.ts";
import { hasGuessedTooMuch, noteWrongNumber } from "../vouchers/guessing.ts";
import { indexOfNumber } from "../vouchers/numbers.ts";
import { findBiller } from "./inquiries.ts";
import type { PayerFiRefusal } from "./inquiries.ts";
import { adviceOf, beginPayment, judge } from "./payments.ts";
import type { BillRefused } from "./payments.ts";

export interface VoucherForBill {
  readonly billId: string;
  readonly inquiryRequestId: string;
  readonly voucherNumber: string;
  /** Null where the number alone was given. */
  readonly serialNumber: string | null;
  /** What the caller takes for due, in major units, where it says so. */
  readonly amount?: string | undefined;
  readonly currency?: string | undefined;
  readonly callbackUrl: string | null;
}

export type VoucherForBillRefusal =
  | VoucherRefusalCode
  | "unknown-voucher"
  | "wrong-number"
  | "too-many-wrong-numbers"
  | "group-not-accepted"
  | "value-differs";

export type VoucherForBillOutcome =
  | { readonly outcome: "accepted"; readonly accepted: Accepted }
  | { readonly outcome: "other-body" }
  | { readonly outcome: "not-permitted"; readonly refusal: PayerFiRefusal }
  | { readonly outcome: "bill-refused"; readonly refusal: BillRefused }
  | { readonly outcome: "voucher-refused"; readonly code: VoucherForBillRefusal };

/** A refused request leaves nothing, not even its id; what it may have counted as a wrong number stays. */
export function payByVoucher(
  { store, indexKey }: { readonly store: Store; readonly indexKey: Uint8Array },
  identity: RequestIdentity,
  wish: VoucherForBill,
  answer: Accepted,
): Promise<VoucherForBillOutcome> {
  const { key, bodyHash } = identity;
  return store.transaction(async (tx) => {
    if (!(await tx.registry.institution(key.institutionId)))
      return { outcome: "not-permitted", refusal: "not-a-payer-fi" };
    const stored = await tx.requests.begin(key, bodyHash);
    if (stored) {
      const isSame = equalBytes(stored.bodyHash, bodyHash);
      return isSame ? { outcome: "accepted", accepted: answer } : { outcome: "other-body" };
    }
    const outcome = await pay(tx, indexKey, identity, wish);
    if (outcome !== "accepted") {
      await tx.requests.forget(key);
      return outcome;
    }
    await tx.requests.answer(key, answer.status, answer.body);
    return { outcome: "accepted", accepted: answer };
  });
}

async function pay(
  tx: Tx,
  indexKey: Uint8Array,
  { key }: RequestIdentity,
  wish: VoucherForBill,
): Promise<"accepted" | VoucherForBillOutcome> {
  const { institutionId: payerFiId, requestId } = key;
  const { billId, callbackUrl } = wish;
  const found = await findBiller(tx, payerFiId, billId);
  if (!found.ok) return { outcome: "not-permitted", refusal: found.refusal };
  const { biller } = found;
  const judged = await judge(tx, biller, payerFiId, { ...wish, succeeded: true });
  if (!judged.ok) return { outcome: "bill-refused", refusal: judged };
  const voucher = await findVoucher(tx, indexKey, payerFiId, wish);
  if (typeof voucher === "string") return { outcome: "voucher-refused", code: voucher };
  const { money, requestToPay } = judged;
  const isWorthIt = voucher.amountMinor === money.amountMinor && voucher.currency === money.currency;
  if (!isWorthIt) return { outcome: "voucher-refused", code: "value-differs" };
  const claimed = await claimForBiller(tx, voucher, biller, `bill:${payerFiId}:${requestId}`);
  if (!claimed.ok) return { outcome: "voucher-refused", code: claimed.code };
  const { claimId, transactionId } = claimed;
  const payment = {
    billerId: biller.id,
    billId,
    payerFiId,
    merchantId: null,
    operation: null,
    debtMinor: 0n,
    requestId,
    reference: transactionId,
    means: "voucher",
    callbackUrl,
    money,
    claimId,
    requestToPay,
  } as const;
  const begun = await beginPayment(tx, payment, { means: "voucher", voucher });
  await tx.jobs.enqueue(await adviceOf(tx, begun));
  return "accepted";
}

/** Locks the voucher and checks what its claim does not. */
async function findVoucher(
  tx: Tx,
  indexKey: Uint8Array,
  institutionId: string,
  { voucherNumber, serialNumber }: VoucherForBill,
): Promise<VoucherRow | VoucherForBillRefusal> {
  const guesser = { institutionId, agentId: null };
  if (await hasGuessedTooMuch(tx, guesser)) return "too-many-wrong-numbers";
  const number = normaliseVoucherNumber(voucherNumber);
  const index = number === undefined ? undefined : indexOfNumber(indexKey, number);
  const serial =
    serialNumber !== null ? parseSerial(serialNumber) : index && (await tx.vouchers.byNumber(index));
  const voucher = serial === undefined ? undefined : (await tx.vouchers.lock([serial])).get(serial);
  if (!voucher || !index || !equalBytes(index, voucher.numberIndex)) {
    await noteWrongNumber(tx, guesser, serialNumber === null ? undefined : voucher);
    return voucher || serialNumber === null ? "wrong-number" : "unknown-voucher";
  }
  return voucher;
}

export type ClaimedForBiller =
  | { readonly ok: true; readonly claimId: string; readonly transactionId: string }
  | { readonly ok: false; readonly code: VoucherForBillRefusal };

/**
 * Claims a locked voucher for the biller; `cause` is what the claim's id derives from. `entitled`: its lease is the open
 * one, or the open one is just closing.
 */
export async function claimForBiller(
  tx: Tx,
  voucher: VoucherRow,
  biller: BillerRow,
  cause: string,
  entitled = false,
): Promise<ClaimedForBiller> {
  if (!biller.voucherGroups.includes(voucher.groupCode)) return { ok: false, code: "group-not-accepted" };
  if (hasExpired(voucher, await tx.now())) return { ok: false, code: "expired" };
  const decision = decideVoucher(voucher, { type: "CLAIM", entitled });
  if (!decision.ok) return { ok: false, code: decision.refusal.code };
  const { serial, amountMinor, currency } = voucher;
  const claimId = claimIdOf(cause);
  const transactionId = transactionIdOf(cause);
  await tx.claims.insert({
    id: claimId,
    serial,
    merchantId: null,
    billerId: biller.id,
    // Nothing is handed over for it before the biller has answered.
    offline: false,
    state: "claimed",
    transactionId,
    amountMinor,
    currency,
    fspId: null,
    feeMinor: 0n,
    liquidityHeld: false,
  });
  if (decision.effects.includes("endLease")) await closeOpenLease(tx, serial, "redeemed");
  await tx.vouchers.update(serial, decision.next);
  await tx.audit.record({
    actor: `biller:${biller.id}`,
    action: "voucher.claim",
    subject: `voucher:${serial}`,
    before: { state: voucher.state },
    after: { state: decision.next.state, claim: claimId, biller: biller.id, amount: formatMajor(voucher) },
  });
  return { ok: true, claimId, transactionId };
}
