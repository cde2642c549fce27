/**
 * Claims that were held because the voucher was leased to another node: decided in the transaction in which that lease
 * closes, in order of arrival (design: "Lease"). Their nodes learn of it through their `verdicts` shape.
 */
import { decodeOperation } from "#sync/documents/operation.ts";
import type { Operation } from "#sync/documents/operation.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { OperationRow, Tx } from "../ports/store.ts";
import type { OperationContext } from "./context.ts";
import { settleRedeem } from "./redeem.ts";
import { decideRow, publishVerdict } from "./verdicts.ts";
import type { Verdict } from "./verdicts.ts";

/** `leaseIsClosing`: the lease is still open and the first valid claim takes it over; else its holder has redeemed. */
export async function settleHeldClaims(
  context: OperationContext,
  tx: Tx,
  held: readonly OperationRow[],
  leaseIsClosing: boolean,
): Promise<void> {
  for (const row of held) {
    // At one that is quarantined judging failed before: it must not keep the lease from closing.
    if (row.reason !== "quarantined") await settleHeld(context, tx, row, leaseIsClosing);
  }
}

async function settleHeld(
  context: OperationContext,
  tx: Tx,
  row: OperationRow,
  leaseIsClosing: boolean,
): Promise<void> {
  const verdict = await judgeHeld(context, tx, row, leaseIsClosing);
  if (verdict.event.type === "HOLD") return;
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
  const redeem = { operation, body, sealed: row.sealed, hash: row.hash };
  return settleRedeem(context, tx, node, redeem, leaseIsClosing);
}

/** Undefined where it cannot be read. */
export function readStored(row: OperationRow): Operation | undefined {
  const parsed = parseDocument(row.signed);
  const decoded = parsed.ok ? decodeOperation(parsed.payload) : undefined;
  return decoded?.ok ? decoded.value : undefined;
}

/** The operation as it was signed; its signature was verified before it was stored. */
export function storedOperation(row: OperationRow): Operation {
  const operation = readStored(row);
  if (!operation) throw new Error(`operation ${row.sequence} of node ${row.nodeId} cannot be read`);
  return operation;
}
