/**
 * The two ways a lease closes: its holder releases it, or its time and the grace have passed. Either way the claims
 * that were held because of it are settled first, in order of arrival, in the same transaction.
 */
import { decideVoucher } from "#core/decide.ts";
import type { ReleaseLease } from "#sync/documents/operation.ts";
import { sameEpoch } from "#sync/epoch.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { releaseReserve } from "../ledger/entries.ts";
import type { LeaseEnd, NodeRow, OperationRow, Store, Tx } from "../ports/store.ts";
import { closeOpenLease } from "../vouchers/leases.ts";
import type { OperationContext } from "./context.ts";
import { settleHeldClaims } from "./held.ts";
import type { Verdict } from "./verdicts.ts";

/** Applied when no earlier operation of this node that names the voucher is held; the chain has no gaps before it. */
export async function settleRelease(
  context: OperationContext,
  tx: Tx,
  node: NodeRow,
  { body, hash }: { readonly body: ReleaseLease; readonly hash: Uint8Array },
): Promise<Verdict> {
  await tx.vouchers.lock([body.serial]);
  const lease = await tx.leases.open(body.serial);
  if (!lease || lease.nodeId !== node.id || !sameEpoch(lease.epoch, body.epoch)) {
    return { event: { type: "REJECT" }, reason: "not-leased" };
  }
  // It may be held itself, where it is judged once more.
  const held = (await tx.operations.heldFor(body.serial)).filter((row) => !equalBytes(row.hash, hash));
  if (held.some((row) => row.nodeId === node.id)) {
    return { event: { type: "HOLD" }, reason: "earlier-operation-held" };
  }
  await closeLease(context, tx, body.serial, "released", held);
  return { event: { type: "APPLY" }, reason: null };
}

/** Closes leases whose not-after and grace lie in the past. Returns how many it closed. */
export async function closeOverdueLeases(
  context: OperationContext,
  store: Store,
  graceMs: number,
): Promise<number> {
  const overdue = await store.transaction(async (tx) =>
    tx.leases.overdue(new Date((await tx.now()).getTime() - graceMs), 500),
  );
  for (const serial of overdue) await closeIfOverdue(context, store, graceMs, serial);
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
    const isOverdue = lease && (await tx.now()).getTime() > lease.notAfter.getTime() + graceMs;
    if (isOverdue) await closeLease(context, tx, serial, "expired", await tx.operations.heldFor(serial));
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
