/**
 * A biller's answer to a payment (GovStack Payments BB, P2G: status of mark bill paid): it moves payment, money, voucher
 * and requests to pay in one transaction. The first answer stands; it may come twice, late, or before our message is
 * known to have arrived.
 */
import { decideBillPayment } from "#core/decide-bill.ts";
import { decideRedemption } from "#core/decide.ts";
import type { BillPaymentEffect } from "#core/bill-payment.machine.ts";
import { creditBiller, returnFromBiller } from "../ledger/bill-entries.ts";
import type { BillMoneySource } from "../ledger/bill-entries.ts";
import type { BillPaymentRow, RejectReason } from "../ports/bill-rows.ts";
import type { ClaimRow, Store, Tx, VoucherRow } from "../ports/store.ts";
import { moveVoucher } from "../payments/settle-claim.ts";
import { parseId } from "./ids.ts";
import type { OperationContext } from "../operations/context.ts";
import { settleHeldClaims } from "../operations/held.ts";
import { decideRow, publishVerdict } from "../operations/verdicts.ts";
import { listRefund, outcomeOf, recordPayment } from "./payments.ts";
import type { BillerRefusal } from "./receive-bills.ts";
import { moveRequests } from "./requests-to-pay.ts";

export interface BillerAnswer {
  /** The id of our message. */
  readonly requestId: string;
  readonly billId: string;
  /** In our words or the biller's own, which its registration maps. */
  readonly status: string;
  readonly rejectReason?: string | undefined;
}

export type AnswerRefusal = BillerRefusal | "unknown-payment" | "unknown-status" | "contradicted";

export type AnswerOutcome =
  | { readonly ok: true; readonly state: BillPaymentRow["state"] }
  | { readonly ok: false; readonly refusal: AnswerRefusal };

export function receiveAnswer(
  context: OperationContext,
  store: Store,
  billerId: string,
  answer: BillerAnswer,
): Promise<AnswerOutcome> {
  return store.transaction(async (tx) => {
    // One that was made inactive still answers for what it was told before.
    const biller = await tx.billers.find(billerId);
    if (!biller) return { ok: false, refusal: "not-a-biller" };
    const payment = await lockPayment(tx, billerId, answer);
    if (!payment) return { ok: false, refusal: "unknown-payment" };
    const meant = meaningOf(biller.codes, answer);
    if (!meant) return { ok: false, refusal: "unknown-status" };
    return settle(context, tx, payment, meant);
  });
}

type Meaning = "ACK" | RejectReason;

function meaningOf(
  codes: Readonly<Record<string, Meaning>>,
  { status, rejectReason }: BillerAnswer,
): Meaning | undefined {
  const own = codes[status];
  const said = own ?? (status === "ACK" || status === "RJC" ? status : undefined);
  if (said !== "RJC") return said;
  if (rejectReason === undefined) return "Und";
  const mapped = codes[rejectReason] ?? rejectReason;
  return mapped === "Def" || mapped === "Dup" || mapped === "Und" ? mapped : undefined;
}

/** Holds the bill of the payment, so that two answers take turns. */
async function lockPayment(
  tx: Tx,
  billerId: string,
  { requestId, billId }: BillerAnswer,
): Promise<BillPaymentRow | undefined> {
  const id = parseId("payment", requestId);
  if (id === undefined) return undefined;
  await tx.bills.lock(billId);
  const payment = await tx.billPayments.find(id);
  return payment?.billId === billId && payment.billerId === billerId ? payment : undefined;
}

async function settle(
  context: OperationContext,
  tx: Tx,
  payment: BillPaymentRow,
  meant: Meaning,
): Promise<AnswerOutcome> {
  const type = meant === "ACK" ? "BILLER_ACKNOWLEDGES" : "BILLER_REJECTS";
  const decision = decideBillPayment(payment.state, { cash: payment.means === "cash" }, { type });
  if (!decision.ok) {
    if (decision.code === "answered-before") return { ok: true, state: payment.state };
    if (decision.code !== "contradicted") return { ok: false, refusal: "unknown-payment" };
    const detail = { bill: payment.billId, settledAs: payment.state, toldLater: meant };
    await tx.alerts.raise("biller-contradicts", `bill-payment:${payment.id}`, detail);
    return { ok: false, refusal: "contradicted" };
  }
  const state = decision.next;
  if (state === "received") throw new Error("a payment is never received again");
  const rejectReason = meant === "ACK" ? null : meant;
  const reason = meant === "ACK" ? null : "The biller has rejected the payment";
  await tx.billPayments.settle(payment.id, { state, rejectReason, reason });
  const settled = { ...payment, state, rejectReason, reason };
  for (const effect of decision.effects) await carryOut(context, tx, effect, settled);
  await moveRequests(tx, payment.billId, {
    type: meant === "ACK" ? "PAYMENT_SUCCEEDS" : "PAYMENT_FAILS",
  });
  if (meant === "Dup") await tx.bills.setState(payment.billId, "paidElsewhere");
  await tx.alerts.end("biller-silent", `bill-payment:${payment.id}`);
  await recordPayment(tx, "bill.settle", settled);
  return { ok: true, state };
}

async function carryOut(
  context: OperationContext,
  tx: Tx,
  effect: BillPaymentEffect,
  payment: BillPaymentRow,
): Promise<void> {
  const { id: paymentId, billerId, money } = payment;
  if (!money) throw new Error(`bill payment ${paymentId} was advised without an amount`);
  switch (effect) {
    case "creditBiller":
      await tx.ledger.post(creditBiller({ paymentId, billerId, money }));
      return settleClaim(tx, payment, "PAYOUT_PAID");
    case "returnMoney": {
      const source = await sourceOf(tx, payment);
      await tx.ledger.post(returnFromBiller({ paymentId, billerId, money, source }));
      return settleClaim(tx, payment, "PAYOUT_FAILED");
    }
    case "tellPayer":
      if (payment.operation !== null) return giveVerdict(context, tx, payment);
      if (payment.callbackUrl !== null) await tx.jobs.enqueue(await outcomeOf(tx, payment));
      return;
    case "listRefund":
      return listRefund(tx, payment);
    case "holdMoney":
    case "adviseBiller":
      throw new Error(`${effect} is not for a biller's answer`);
  }
}

/** The node's operation has waited for it, and so may others have for the voucher that is used now, or free again. */
async function giveVerdict(context: OperationContext, tx: Tx, payment: BillPaymentRow): Promise<void> {
  const { operation, state, reference: transactionId } = payment;
  const row = operation && (await tx.operations.byHash(operation.nodeId, operation.hash));
  if (!row) throw new Error(`bill payment ${payment.id} came by no operation`);
  const verdict =
    state === "acknowledged"
      ? ({ event: { type: "APPLY" }, reason: null, transactionId } as const)
      : ({ event: { type: "REJECT" }, reason: "rejected-by-biller", transactionId } as const);
  await publishVerdict(context, tx, await decideRow(tx, row, verdict));
  if (row.serial === null) return;
  await settleHeldClaims(context, tx, await tx.operations.heldFor(row.serial), false);
}

/** What a merchant's payout is for a redemption, the biller's answer is for a voucher that pays a bill. */
async function settleClaim(
  tx: Tx,
  payment: BillPaymentRow,
  type: "PAYOUT_PAID" | "PAYOUT_FAILED",
): Promise<void> {
  if (payment.claimId === null) return;
  const { claim, voucher } = await lockClaim(tx, payment.claimId);
  const decision = decideRedemption(claim.state, claim, { type });
  if (!decision.ok) throw new Error(`claim ${claim.id} of bill ${payment.billId} has ended`);
  await tx.claims.update(claim.id, decision.next, await tx.now());
  const event = decision.effects.includes("consumeVoucher") ? "CONSUME" : "RELEASE_CLAIM";
  await moveVoucher(tx, voucher, { type: event });
}

async function sourceOf(tx: Tx, payment: BillPaymentRow): Promise<BillMoneySource> {
  if (payment.claimId !== null) {
    const { voucher } = await lockClaim(tx, payment.claimId);
    return { means: "voucher", voucher };
  }
  const { merchantId, debtMinor } = payment;
  if (payment.means === "cash" && merchantId !== null) return { means: "cash", merchantId, debtMinor };
  if (payment.payerFiId === null) throw new Error(`bill payment ${payment.id} has no payer`);
  return { means: "account", payerFiId: payment.payerFiId };
}

async function lockClaim(
  tx: Tx,
  claimId: string,
): Promise<{ readonly claim: ClaimRow; readonly voucher: VoucherRow }> {
  const claim = await tx.claims.find(claimId);
  const voucher = claim && (await tx.vouchers.lock([claim.serial])).get(claim.serial);
  if (!claim || !voucher) throw new Error(`no claim ${claimId}, or no voucher for it`);
  return { claim, voucher };
}
