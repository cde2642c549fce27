/** What an agent's node is told about its bills beside the verdicts (`sync/documents/bill-statement.ts`). */
import { mostRefundsTold, mostTopUpsTold } from "#sync/documents/bill-statement.ts";
import type { BillStatement, ToldRefund, ToldTopUp } from "#sync/documents/bill-statement.ts";
import type { NodeRefundRow, TopUpRow } from "../ports/bill-rows.ts";
import type { NodeRow, Store } from "../ports/store.ts";

export function billStatementOf(store: Store, node: NodeRow): Promise<BillStatement> {
  return store.transaction(async (tx) => ({
    refunds: (await tx.agents.refundsOfNode(node.id, mostRefundsTold)).map(tellRefund),
    topUps: (await tx.agents.topUpsOf(node.merchantId, mostTopUpsTold)).map(tellTopUp),
  }));
}

function tellRefund({ listedAt, refundedAt, refundedBy, first, reason, ...row }: NodeRefundRow): ToldRefund {
  return {
    ...row,
    reason: oneLine(reason, 128),
    listedAtMs: listedAt.getTime(),
    refundedAtMs: refundedAt?.getTime() ?? null,
    refundedBy: refundedBy === null ? null : oneLine(refundedBy, 400),
    first: first && tellFirst(first),
  };
}

function tellFirst({ at, takenBy, reference, ...first }: NonNullable<NodeRefundRow["first"]>) {
  return {
    ...first,
    takenBy: oneLine(takenBy, 400),
    reference: oneLine(reference, 128),
    atMs: at.getTime(),
  };
}

function tellTopUp({ id, at, ...topUp }: TopUpRow): ToldTopUp {
  return { ...topUp, id: Number(id), atMs: at.getTime() };
}

/** As a node takes it: without control characters, and no longer. */
function oneLine(text: string, mostBytes: number): string {
  const line = text.replaceAll(/\p{Cc}+/gu, " ").trim() || "-";
  const bytes = new TextEncoder().encode(line).subarray(0, mostBytes);
  // A character that was cut in two is left out.
  return new TextDecoder().decode(bytes, { stream: true });
}
