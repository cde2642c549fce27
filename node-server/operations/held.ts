/**
 * Claims that were held because the voucher was leased to another node: decided in the transaction in which that lease
 * closes, in order of arrival (design: "Lease"). Their nodes learn of it through their `verdicts` shape.
 */
import type { OperationRow, Tx } from "../ports/store.ts";
import type { OperationContext } from "./context.ts";
import { settlePayBill, settlePayBillWithVoucher } from "./pay-bill.ts";
import { storedOperation } from "./read-stored.ts";
import { settleRedeem } from "./redeem.ts";
import { settleRefundBill } from "./refund-bill.ts";
import { decideRow, publishVerdict } from "./verdicts.ts";
import type { Verdict } from "./verdicts.ts";

/** Whether the end of a lease decides it. What is held for another reason waits for people, or for a recovery to end. */
export function waitsForLease({ reason }: OperationRow): boolean {
  return reason === "leased-to-another-node" || reason === "earlier-operation-held";
}

/** `leaseIsClosing`: the lease is still open and the first valid claim takes it over; else its holder has redeemed. */
export async function settleHeldClaims(
  context: OperationContext,
  tx: Tx,
  held: readonly OperationRow[],
  leaseIsClosing: boolean,
): Promise<void> {
  for (const row of held.filter(waitsForLease)) await settleHeld(context, tx, row, leaseIsClosing);
}

async function settleHeld(
  context: OperationContext,
  tx: Tx,
  row: OperationRow,
  leaseIsClosing: boolean,
): Promise<void> {
  const verdict = await judgeHeld(context, tx, row, leaseIsClosing);
  // Held as before; or for a new reason, since a voucher that pays a bill waits for its biller now.
  if (verdict.event.type === "HOLD" && verdict.reason === row.reason) return;
  await publishVerdict(context, tx, await decideRow(tx, row, verdict));
}

async function judgeHeld(
  context: OperationContext,
  tx: Tx,
  row: OperationRow,
  leaseIsClosing: boolean,
): Promise<Verdict> {
  const operation = storedOperation(row);
  const { body } = operation;
  // A release that waited for an earlier operation has what it asked for: the lease ends here.
  if (body.type === "release-lease") return { event: { type: "APPLY" }, reason: null };
  const node = await tx.nodes.find(row.nodeId);
  if (!node) throw new Error(`operation of an unknown node ${row.nodeId}`);
  const { sealed, hash } = row;
  switch (body.type) {
    case "pay-bill":
      return settlePayBill(tx, node, { operation, body, sealed, hash });
    case "pay-bill-with-voucher":
      return settlePayBillWithVoucher(context, tx, node, { operation, body, sealed, hash }, leaseIsClosing);
    case "redeem-voucher":
      return settleRedeem(context, tx, node, { operation, body, sealed, hash }, leaseIsClosing);
    case "refund-bill":
      return settleRefundBill(tx, node, { operation, body, hash });
    default:
      throw new Error(`a ${body.type} waits for no lease`);
  }
}
