/**
 * One change of a voucher's state outside a redemption: decided by the machine, written with its money, its recall and
 * its audit entry (GovStack vouchers, "Lifecycle").
 */
import { decideVoucher } from "#core/decide.ts";
import type { VoucherDecision } from "#core/decide.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { releaseReserve } from "../ledger/entries.ts";
import type { Tx, VoucherRow } from "../ports/store.ts";
import { recallLease } from "./leases.ts";

export type ChangeEvent = Extract<
  VoucherEvent,
  { readonly type: "SUSPEND" | "UNSUSPEND" | "BLOCK" | "CANCEL" | "EXPIRE" | "PURGE" }
>;

export interface ChangeReason {
  /** Who asked for it, as the audit trail names them. */
  readonly actor: string;
  readonly action: string;
  /** What a person said for it. */
  readonly because?: string;
}

/** Changes a voucher that `tx` has locked, or says why not. What is bound by a lease or a claim becomes pending. */
export async function changeVoucher(
  tx: Tx,
  voucher: VoucherRow,
  event: ChangeEvent,
  { actor, action, because }: ChangeReason,
): Promise<VoucherDecision> {
  const decision = decideVoucher(voucher, event);
  if (!decision.ok) return decision;
  await tx.vouchers.update(voucher.serial, decision.next);
  if (decision.effects.includes("releaseFunding")) await tx.ledger.post(releaseReserve(voucher));
  if (decision.effects.includes("recallLease")) await recallLease(tx, voucher.serial, actor);
  await tx.audit.record({
    actor,
    action,
    subject: `voucher:${voucher.serial}`,
    before: { state: voucher.state, pending: voucher.pending },
    after: { ...decision.next, ...(because !== undefined && { because }) },
  });
  return decision;
}
