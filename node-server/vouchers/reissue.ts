/**
 * Lost vouchers (GovStack vouchers, "Lifecycle"): the lost one is cancelled and another of the same value made in its
 * place, in one transaction, by serial and with its reason. A voucher is replaced once.
 */
import { parseSerial } from "#core/voucher-number.ts";
import type { BatchRow, Replacement, Store, Tx, VoucherInstruction, VoucherRow } from "../ports/store.ts";
import { changeVoucher } from "./change.ts";
import { itemFailureReasons } from "./commands.ts";
import { createFunded } from "./create-funded.ts";
import type { Issuance } from "./create-funded.ts";
import { expiredIfDue } from "./expire.ts";

/** Thrown so that a refused replacement leaves the lost voucher as it was; never leaves this module. */
class NotReplaced extends Error {}

/** Replaces the voucher that the instruction names, or fails the instruction; `issuance` gives the new number. */
export async function replaceVoucher(
  store: Store,
  batch: BatchRow,
  { line, replaces }: VoucherInstruction,
  issuance: () => Issuance,
): Promise<void> {
  if (!replaces) throw new Error(`line ${line} of batch ${batch.id} replaces nothing`);
  try {
    await store.transaction(async (tx) => {
      await tx.batches.lock(batch.id);
      // Another worker may have come first.
      const [open] = await tx.batches.nextOpen(batch.id, 1, line - 1);
      if (open?.line === line) await replaceLocked(tx, batch, line, replaces, issuance());
    });
  } catch (error) {
    if (!(error instanceof NotReplaced)) throw error;
    await store.transaction((tx) => tx.batches.fail(batch.id, [{ line, reason: error.message }]));
  }
}

async function replaceLocked(
  tx: Tx,
  batch: BatchRow,
  line: number,
  { serialNumber, reason }: Replacement,
  issuance: Issuance,
): Promise<void> {
  const lost = await lockLost(tx, batch, serialNumber);
  if (lost.state !== "cancelled") await cancelLost(tx, lost);
  const group = await tx.registry.voucherGroup(lost.groupCode);
  if (!group) throw new Error(`voucher ${lost.serial} has an unknown group`);
  await tx.batches.takeOver(batch.id, line, lost.serial);
  const wanted = {
    line,
    groupCode: group.code,
    reservationDays: group.reservationDays,
    money: { amountMinor: lost.amountMinor, currency: lost.currency },
    replaces: lost.serial,
  };
  const [made] = await createFunded(tx, batch, [wanted], issuance);
  // Refused for want of money: the failure just noted is undone with all the rest, and noted again.
  if (!made) throw new NotReplaced("Insufficient funds or budget for a replacement");
  await tx.audit.record({
    actor: batch.institutionId,
    action: "voucher.reissue",
    subject: `voucher:${lost.serial}`,
    after: { replacedBy: String(made.serial), reason },
  });
}

async function lockLost(tx: Tx, batch: BatchRow, serialNumber: string): Promise<VoucherRow> {
  const serial = parseSerial(serialNumber);
  const found = serial === undefined ? undefined : (await tx.vouchers.lock([serial])).get(serial);
  if (!found || found.institutionId !== batch.institutionId) throw new NotReplaced("Not Existing");
  if (found.programId !== batch.programId) throw new NotReplaced("Of Another Programme");
  // Read after the lock: whoever held it before may have replaced the voucher.
  const current = await tx.vouchers.find(found.serial);
  if (current?.replacedBy) throw new NotReplaced("Already Replaced");
  if (found.state === "leased")
    throw new NotReplaced("Leased: cancel it, which recalls it, and reissue it then");
  return expiredIfDue(tx, found);
}

async function cancelLost(tx: Tx, lost: VoucherRow): Promise<void> {
  const cancelled = await changeVoucher(
    tx,
    lost,
    { type: "CANCEL" },
    { actor: lost.institutionId, action: "voucher.cancel" },
  );
  if (!cancelled.ok) throw new NotReplaced(itemFailureReasons[cancelled.refusal.code]);
  if (cancelled.next.pending !== null)
    throw new NotReplaced("Being Paid: reissue it when the payout is known to have failed");
}
