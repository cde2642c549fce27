/**
 * What follows from an operation's verdict for the others that name its voucher, in the same transaction. Nothing may be
 * left waiting for something that has happened (design section 4.7).
 */
import type { OperationRow, Tx } from "../ports/store.ts";
import { recallLease } from "../vouchers/leases.ts";
import type { OperationContext } from "./context.ts";
import { settleHeldClaims, waitsForLease } from "./held.ts";
import { storedOperation } from "./read-stored.ts";
import { settleRelease } from "./release.ts";
import { decideRow, publishVerdict } from "./verdicts.ts";

/** To be called with every row that was just decided, after it was written. */
export async function settleConsequences(
  context: OperationContext,
  tx: Tx,
  row: OperationRow,
): Promise<void> {
  const { serial } = row;
  if (serial === null) return;
  if (row.reason === "leased-to-another-node") return recallLease(tx, serial, `node:${row.nodeId}`);
  if (row.state === "held") return;
  // A redemption that was applied has closed the voucher's lease, which is what held claims waited for.
  if (row.claimId !== null) {
    return settleHeldClaims(context, tx, await tx.operations.heldFor(serial), false);
  }
  await settleReleasesBehind(context, tx, row, serial);
}

/**
 * The server's own word may close a lease while it recovers, when nothing else is decided: what had waited for that lease
 * since before the backup waits for the end of the recovery now, in its order of arrival.
 */
export async function postponeConsequences(tx: Tx, { state, serial }: OperationRow): Promise<void> {
  if (state !== "applied" || serial === null) return;
  for (const held of (await tx.operations.heldFor(serial)).filter(waitsForLease)) {
    await decideRow(tx, held, { event: { type: "HOLD" }, reason: "recovery" });
  }
}

/** A release waits for the earlier operations of its node that name the voucher; perhaps this was the last of them. */
async function settleReleasesBehind(
  context: OperationContext,
  tx: Tx,
  { nodeId }: OperationRow,
  serial: bigint,
): Promise<void> {
  for (;;) {
    const held = await tx.operations.heldFor(serial);
    const next = held.find((row) => row.nodeId === nodeId && row.reason === "earlier-operation-held");
    const node = await tx.nodes.find(nodeId);
    if (!next || !node) return;
    const { body, sequence } = storedOperation(next);
    if (body.type !== "release-lease") throw new Error(`operation ${sequence} of ${nodeId} is no release`);
    const verdict = await settleRelease(context, tx, node, { body, sequence });
    if (verdict.event.type === "HOLD") return;
    await publishVerdict(context, tx, await decideRow(tx, next, verdict));
  }
}
