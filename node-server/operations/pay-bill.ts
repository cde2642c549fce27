/**
 * Bills that were paid at a node: cash that an agent took, within its float or as its debt, and vouchers. What is taken
 * waits, held, for the biller's answer, which is the operation's verdict (`../bills/settle-payment.ts`).
 */
import { amountDueMinor } from "#core/bill.ts";
import { localDate } from "#core/local-date.ts";
import type { Operation, PayBill, PayBillWithVoucher, RedeemVoucher } from "#sync/documents/operation.ts";
import { settleRedemption } from "#sync/settlement.ts";
import type { BillRejectionCode, RejectionCode } from "#sync/settlement.ts";
import { adviceOf, beginPayment, refusalOfPaid, refusePayment } from "../bills/payments.ts";
import { claimForBiller } from "../bills/pay-by-voucher.ts";
import { floatOf } from "../ledger/bill-entries.ts";
import { accountId } from "../ledger/entries.ts";
import { transactionIdOf } from "../payments/claim.ts";
import type { BillerRow, BillPaymentRow, BillRow } from "../ports/bill-rows.ts";
import type { NodeRow, Tx } from "../ports/store.ts";
import type { OperationContext } from "./context.ts";
import { gatherFacts } from "./redeem.ts";
import type { Verdict } from "./verdicts.ts";

export interface BillOperation<Body extends PayBill | PayBillWithVoucher> {
  readonly operation: Operation;
  readonly body: Body;
  readonly sealed: Uint8Array | null;
  readonly hash: Uint8Array;
}

/** Cash was taken: whatever becomes of it, it is somewhere, in the biller's money or in the list of refunds. */
export async function settlePayBill(
  tx: Tx,
  node: NodeRow,
  { operation, body, hash }: BillOperation<PayBill>,
  isForgotten: (code: BillRejectionCode) => boolean = () => false,
): Promise<Verdict> {
  const biller = await tx.billers.ofBill(body.billId);
  // Nobody is there whose money it could be: a person looks into it.
  if (!biller) return { event: { type: "HOLD" }, reason: "unknown-biller" };
  const judged = await judge(tx, node, biller, operation, body);
  if (!judged.ok && isForgotten(judged.code)) return reject(judged.code);
  const payment = paymentOf(node, biller, operation, hash, body, "cash");
  if (!judged.ok) return rejectCash(tx, payment, judged.code, judged.duplicateOf, judged.evidence);
  return takeCash(tx, payment);
}

/**
 * What people apply, or was applied before the server was restored: the biller is told, once more by the same reference.
 * Undefined where the bill or the voucher cannot be had; nothing is changed then.
 */
export async function payBillIfFree(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  { operation, body, sealed, hash }: BillOperation<PayBill | PayBillWithVoucher>,
): Promise<Verdict | undefined> {
  const biller = await tx.billers.ofBill(body.billId);
  if (!biller) return undefined;
  if (body.type === "pay-bill-with-voucher") {
    const paid = { operation, body, sealed, hash };
    const verdict = await settlePayBillWithVoucher(context, tx, node, paid, false);
    return verdict.reason === awaitingBiller ? verdict : undefined;
  }
  const judged = await judge(tx, node, biller, operation, body);
  return judged.ok ? takeCash(tx, paymentOf(node, biller, operation, hash, body, "cash")) : undefined;
}

async function takeCash(tx: Tx, payment: ReturnType<typeof paymentOf>): Promise<Verdict> {
  const { money, merchantId } = payment;
  const float = await tx.ledger.lockBalance(accountId(floatOf(merchantId, money)));
  const debtMinor = float >= money.amountMinor ? 0n : money.amountMinor - max(float, 0n);
  const source = { means: "cash", merchantId, debtMinor } as const;
  return begun(tx, await beginPayment(tx, { ...payment, debtMinor, requestToPay: null }, source));
}

/** A person rejects cash that was held for another reason, or it was rejected before the server was restored. */
export async function rejectPayBill(
  tx: Tx,
  node: NodeRow,
  { operation, body, hash }: BillOperation<PayBill>,
  reason: string,
): Promise<Verdict> {
  const biller = await tx.billers.ofBill(body.billId);
  if (!biller) return { event: { type: "REJECT" }, reason };
  const payment = paymentOf(node, biller, operation, hash, body, "cash");
  return rejectCash(tx, payment, reason, null);
}

/** A voucher that pays is claimed by the same rules as one that is redeemed, for the biller. */
export async function settlePayBillWithVoucher(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  paid: BillOperation<PayBillWithVoucher>,
  leaseIsClosing: boolean,
): Promise<Verdict> {
  const { operation, body, sealed, hash } = paid;
  const biller = await tx.billers.ofBill(body.billId);
  if (!biller) return reject("unknown-bill");
  const judged = await judge(tx, node, biller, operation, body);
  if (!judged.ok) return reject(judged.code, judged.evidence);
  const asRedeemed: RedeemVoucher = {
    ...body,
    type: "redeem-voucher",
    deniedAsOfMs: null,
    authentication: null,
    cashOut: null,
  };
  const redeem = { operation, body: asRedeemed, sealed, hash };
  const { facts, voucher } = await gatherFacts(
    context,
    tx,
    node,
    redeem,
    leaseIsClosing,
    undefined,
    async (group) => biller.voucherGroups.includes(group),
  );
  const verdict = settleRedemption(facts);
  if (verdict.verdict === "hold") return { event: { type: "HOLD" }, reason: verdict.reason };
  if (verdict.verdict === "reject")
    return reject(verdict.code === "wrong-merchant-group" ? "group-not-accepted" : verdict.code);
  if (!voucher) throw new Error(`voucher ${body.serial} was applied and is not there`);
  const claimed = await claimForBiller(tx, voucher, biller, causeOf(hash), verdict.entitled);
  if (!claimed.ok) throw new Error(`voucher ${body.serial} refused a claim that settlement applied`);
  const payment = { ...paymentOf(node, biller, operation, hash, body, "voucher"), claimId: claimed.claimId };
  return begun(tx, await beginPayment(tx, { ...payment, requestToPay: null }, { means: "voucher", voucher }));
}

const awaitingBiller = "awaiting-biller";

async function begun(tx: Tx, payment: BillPaymentRow): Promise<Verdict> {
  await tx.jobs.enqueue(await adviceOf(tx, payment));
  return { event: { type: "HOLD" }, reason: awaitingBiller, transactionId: payment.reference };
}

type Judged =
  | { readonly ok: true; readonly bill: BillRow }
  | {
      readonly ok: false;
      readonly code: BillRejectionCode;
      /** The payment that pays the bill, and the operation that it came by, if any did. */
      readonly duplicateOf: bigint | null;
      readonly evidence?: Uint8Array | undefined;
    };

/** Locks the bill, and says why nothing is paid of it. */
async function judge(
  tx: Tx,
  node: NodeRow,
  biller: BillerRow,
  operation: Operation,
  body: PayBill | PayBillWithVoucher,
): Promise<Judged> {
  const bill = await tx.bills.lock(body.billId);
  const refused = (code: BillRejectionCode) => ({ ok: false, code, duplicateOf: null }) as const;
  if (!(await tx.agents.takesFor(node.merchantId, biller.id))) return refused("biller-not-linked");
  if (biller.status !== "active") return refused("biller-inactive");
  if (!bill) return refused("unknown-bill");
  const paid = await refusalOfPaid(tx, bill);
  if (paid) {
    const first = paid.duplicateOf === null ? undefined : await tx.billPayments.find(paid.duplicateOf);
    const evidence = first?.operation?.hash;
    return { ok: false, code: "bill-paid", duplicateOf: paid.duplicateOf, evidence };
  }
  if (bill.state === "withdrawn") return refused("bill-withdrawn");
  if (!(await isDue(tx, biller, bill, operation, body))) return refused("wrong-bill-amount");
  return { ok: true, bill };
}

/** What is due now, or what was due when the node last heard of the bill: its own clock decides nothing. */
async function isDue(
  tx: Tx,
  { timeZone }: BillerRow,
  bill: BillRow,
  { lastServerTimeMs }: Operation,
  { amountMinor, currency }: PayBill | PayBillWithVoucher,
): Promise<boolean> {
  const times = [(await tx.now()).getTime(), lastServerTimeMs];
  const due = times.map((time) => amountDueMinor(bill, localDate(time, timeZone)));
  return currency === bill.currency && due.includes(amountMinor);
}

function paymentOf(
  node: NodeRow,
  biller: BillerRow,
  operation: Operation,
  hash: Uint8Array,
  { billId, amountMinor, currency }: PayBill | PayBillWithVoucher,
  means: "cash" | "voucher",
) {
  return {
    billerId: biller.id,
    billId,
    payerFiId: null,
    merchantId: node.merchantId,
    operation: { nodeId: node.id, hash },
    debtMinor: 0n,
    requestId: operation.operationId,
    reference: transactionIdOf(causeOf(hash)),
    means,
    callbackUrl: null,
    money: { amountMinor, currency },
    claimId: null,
  } as const;
}

async function rejectCash(
  tx: Tx,
  payment: ReturnType<typeof paymentOf>,
  reason: string,
  duplicateOf: bigint | null,
  evidence?: Uint8Array,
): Promise<Verdict> {
  const rejectReason = reason === "bill-paid" ? "Dup" : "Def";
  await refusePayment(tx, { ...payment, rejectReason, reason, duplicateOf });
  const { reference: transactionId } = payment;
  return { event: { type: "REJECT" }, reason, transactionId, ...(evidence ? { evidence } : {}) };
}

function reject(code: RejectionCode, evidence?: Uint8Array): Verdict {
  return { event: { type: "REJECT" }, reason: code, ...(evidence ? { evidence } : {}) };
}

function causeOf(hash: Uint8Array): string {
  return `operation:${Buffer.from(hash).toString("hex")}`;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
