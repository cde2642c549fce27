/**
 * The two ways a lease closes: its holder releases it, or its time and the grace have passed. Either way the claims
 * that were held because of it are settled first, in order of arrival, in the same transaction.
 */
import { decideVoucher } from "#core/decide.ts";
import type { ReleaseLease } from "#sync/documents/operation.ts";
import { sameEpoch } from "#sync/epoch.ts";
import { releaseReserve } from "../ledger/entries.ts";
import type { LeaseEnd, NodeRow, OperationRow, Store, Tx } from "../ports/store.ts";
import { closeOpenLease } from "../vouchers/leases.ts";
import type { OperationContext } from "./context.ts";
import { settleHeldClaims, waitsForLease } from "./held.ts";
import type { Verdict } from "./verdicts.ts";

/** Applied when no earlier operation of this node that names the voucher is held; the chain has no gaps before it. */
export async function settleRelease(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  { body, sequence }: { readonly body: ReleaseLease; readonly sequence: number },
): Promise<Verdict> {
  await tx.vouchers.lock([body.serial]);
  const lease = await tx.leases.open(body.serial);
  if (!lease || lease.nodeId !== node.id || !sameEpoch(lease.epoch, body.epoch)) {
    return { event: { type: "REJECT" }, reason: "not-leased" };
  }
  // It may be held itself, and is decided by whoever asks.
  const held = (await tx.operations.heldFor(body.serial)).filter(
    (row) => row.nodeId !== node.id || row.sequence !== sequence,
  );
  if (isBehind(held, node.id, sequence)) {
    return { event: { type: "HOLD" }, reason: "earlier-operation-held" };
  }
  await closeLease(context, tx, body.serial, "released", held);
  return { event: { type: "APPLY" }, reason: null };
}

/** Whether an earlier operation of the node that names the voucher is held: closing the lease would take it from it. */
export function isBehind(held: readonly OperationRow[], nodeId: string, sequence: number): boolean {
  return held.some((row) => row.nodeId === nodeId && row.sequence < sequence);
}

/** Closes leases whose not-after and grace lie in the past. Returns how many there were. */
export async function closeOverdueLeases(
  context: OperationContext,
  store: Store,
  graceMs: number,
): Promise<number> {
  const overdue = await store.transaction(async (tx) =>
    tx.leases.overdue(new Date((await tx.now()).getTime() - graceMs), 500),
  );
  for (const serial of overdue) {
    // One that fails to close must not keep the others open.
    await closeIfOverdue(context, store, graceMs, serial).catch((error: unknown) => {
      if (context.isPassing(error)) throw error;
      context.onFailure(error, `the lease of voucher ${serial} cannot be closed`);
    });
  }
  return overdue.length;
}

function closeIfOverdue(
  context: OperationContext,
  store: Store,
  graceMs: number,
  serial: bigint,
): Promise<void> {
  return store.transaction(async (tx) => {
    const unlocked = await tx.leases.open(serial);
    if (!unlocked) return;
    await tx.nodes.lock(unlocked.nodeId);
    await tx.vouchers.lock([serial]);
    const lease = await tx.leases.open(serial);
    if (!lease || (await tx.now()).getTime() <= lease.notAfter.getTime() + graceMs) return;
    const held = await tx.operations.heldFor(serial);
    // What its holder redeemed in time is settled first, and people must do that.
    const waitsForPeople = held.some((row) => row.nodeId === lease.nodeId && !waitsForLease(row));
    if (!waitsForPeople) await closeLease(context, tx, serial, "expired", held);
  });
}

/** `held`: the claims that waited for it, which are settled first. */
export async function closeLease(
  context: OperationContext,
  tx: Tx,
  serial: bigint,
  end: LeaseEnd,
  held: readonly OperationRow[],
): Promise<void> {
  await settleHeldClaims(context, tx, held, true);
  const voucher = (await tx.vouchers.lock([serial])).get(serial);
  // A held claim that was applied has ended the lease already.
  if (voucher?.state !== "leased") return;
  const decision = decideVoucher(voucher, { type: "CLOSE_LEASE" });
  if (!decision.ok) throw new Error(`voucher ${serial} refuses CLOSE_LEASE: ${decision.refusal.code}`);
  await closeOpenLease(tx, serial, end);
  await tx.vouchers.update(serial, decision.next);
  if (decision.effects.includes("releaseFunding")) await tx.ledger.post(releaseReserve(voucher));
}
