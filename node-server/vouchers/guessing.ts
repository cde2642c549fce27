/**
 * Wrong voucher numbers (GovStack vouchers, "Guessing"): five for a serial within an hour suspend the voucher and alert;
 * they are also limited for each agent and each caller. The numbers themselves are not kept.
 */
import type { Tx, VoucherRow } from "../ports/store.ts";
import { changeVoucher } from "./change.ts";

/** How many wrong numbers within an hour are let through: for one voucher, by one agent, by one calling institution. */
export const wrongNumberLimits = { voucher: 5, agent: 30, institution: 300 } as const;

const windowMs = 3_600_000;

export interface Guesser {
  readonly institutionId: string;
  /** Null where the call names no agent. */
  readonly agentId: string | null;
}

/** Whether the agent or the caller has tried so many wrong numbers that no more are looked at for now. */
export async function hasGuessedTooMuch(tx: Tx, guesser: Guesser): Promise<boolean> {
  const counted = await countLately(tx, guesser, null);
  return counted.agent >= wrongNumberLimits.agent || counted.institution >= wrongNumberLimits.institution;
}

/** Counts a wrong number; `voucher` is the locked one it was tried on, if its serial was given. */
export async function noteWrongNumber(
  tx: Tx,
  guesser: Guesser,
  voucher: VoucherRow | undefined,
): Promise<void> {
  const serial = voucher?.serial ?? null;
  await tx.wrongNumbers.record({ ...guesser, serial });
  const counted = await countLately(tx, guesser, serial);
  if (counted.agent >= wrongNumberLimits.agent && guesser.agentId !== null)
    await tx.alerts.raise("wrong-numbers-by-agent", `merchant:${guesser.agentId}`, { ...counted });
  if (counted.institution >= wrongNumberLimits.institution)
    await tx.alerts.raise("wrong-numbers-by-caller", `institution:${guesser.institutionId}`, { ...counted });
  if (voucher && counted.voucher >= wrongNumberLimits.voucher) await suspendGuessed(tx, voucher, counted);
}

/** A voucher that cannot be suspended (used, cancelled, suspended already …) is left as it is; the alert tells. */
async function suspendGuessed(tx: Tx, voucher: VoucherRow, counted: object): Promise<void> {
  const reason = { actor: "guessing", action: "voucher.suspend" };
  await changeVoucher(tx, voucher, { type: "SUSPEND" }, reason);
  await tx.alerts.raise("wrong-numbers-for-voucher", `voucher:${voucher.serial}`, { ...counted });
}

async function countLately(tx: Tx, guesser: Guesser, serial: bigint | null) {
  const since = new Date((await tx.now()).getTime() - windowMs);
  return tx.wrongNumbers.countSince(since, { ...guesser, serial });
}
