/**
 * Cash that a till took for a bill, that paid nothing, and that was given back: recorded once, whether the till says so or an
 * operator. No money of the books moves, since none had: a rejected payment has left the agent's float as it was.
 */
import { equalBytes } from "#sync/signing/bytes.ts";
import type { Operation, PayBill, RefundBill } from "#sync/documents/operation.ts";
import type { RejectionCode } from "#sync/settlement.ts";
import type { NodeRow, OperationRow, Tx } from "../ports/store.ts";
import { readStored } from "./read-stored.ts";
import type { Verdict } from "./verdicts.ts";

export interface RefundOperation {
  readonly operation: Operation;
  readonly body: RefundBill;
  readonly hash: Uint8Array;
}

export async function settleRefundBill(
  tx: Tx,
  node: NodeRow,
  { operation, body, hash }: RefundOperation,
): Promise<Verdict> {
  const row = await tx.operations.byHash(node.id, body.payment);
  if (!row || !isOver(row) || !isPaymentOf(row, body)) return reject("nothing-to-refund");
  const isFirst = await tx.agents.noteGivenBack({
    nodeId: node.id,
    payment: body.payment,
    operation: hash,
    by: `${operation.actor}, ${node.name}`,
  });
  return isFirst ? { event: { type: "APPLY" }, reason: null } : reject("refunded-before");
}

/** It pays nothing, and never will. */
function isOver({ state }: OperationRow): boolean {
  return state === "rejected" || state === "writtenOff";
}

function isPaymentOf(row: OperationRow, refund: RefundBill): boolean {
  const paid: PayBill | undefined = cashIn(row);
  return (
    paid !== undefined &&
    equalBytes(row.hash, refund.payment) &&
    paid.billId === refund.billId &&
    paid.amountMinor === refund.amountMinor &&
    paid.currency === refund.currency
  );
}

function cashIn(row: OperationRow): PayBill | undefined {
  const body = readStored(row)?.body;
  return body?.type === "pay-bill" ? body : undefined;
}

function reject(reason: RejectionCode): Verdict {
  return { event: { type: "REJECT" }, reason };
}
