/**
 * Expiry (GovStack vouchers, "Lifecycle"): vouchers past their last instant, reservations that lapsed included, are
 * marked expired and their funding returns to the group. Leased ones and those being paid are only noted, and the lease
 * is recalled (V3). Every door refuses an expired voucher by the clock, however late this runs.
 */
import { hasExpired, isPastEnd } from "#core/voucher-validity.ts";
import type { Store, Tx, VoucherRow } from "../ports/store.ts";
import { changeVoucher } from "./change.ts";

/** Vouchers of one transaction. */
const chunkSize = 200;

/** Expires whatever is due, and returns how many vouchers that were. */
export async function expireVouchers(store: Store): Promise<number> {
  let expired = 0;
  for (;;) {
    const due = await store.transaction(async (tx) => tx.vouchers.due(await tx.now(), chunkSize));
    const chunk = await store.transaction((tx) => expireLocked(tx, due));
    if (chunk === 0) return expired;
    expired += chunk;
  }
}

async function expireLocked(tx: Tx, serials: readonly bigint[]): Promise<number> {
  const locked = await tx.vouchers.lock(serials);
  const now = await tx.now();
  const lateMs = await tx.limits.longestLateSettlementMs();
  const due = [...locked.values()].filter((voucher) => isDue(voucher, now, lateMs)).toSorted(byAccount);
  let expired = 0;
  for (const voucher of due) if (await expire(tx, voucher)) expired += 1;
  return expired;
}

/**
 * The locked voucher as it is at this instant: what the schedule has not done yet is done first. One that was taken at
 * risk before its end may still come late, and keeps its funding and its state for that.
 */
export async function expiredIfDue(tx: Tx, voucher: VoucherRow): Promise<VoucherRow> {
  const now = await tx.now();
  if (!hasExpired(voucher, now)) return voucher;
  if (!isDue(voucher, now, await tx.limits.longestLateSettlementMs())) return voucher;
  await expire(tx, voucher);
  return { ...voucher, state: "expired" };
}

function isDue(voucher: VoucherRow, now: Date, lateMs: number): boolean {
  const mayComeLate = voucher.atRisk && voucher.activatedAt !== null;
  return isPastEnd(voucher, new Date(now.getTime() - (mayComeLate ? lateMs : 0)));
}

/** False when something that is stronger came first. */
async function expire(tx: Tx, voucher: VoucherRow): Promise<boolean> {
  const reason = { actor: "schedule", action: "voucher.expire" };
  return (await changeVoucher(tx, voucher, { type: "EXPIRE" }, reason)).ok;
}

/** In the order in which accounts are locked everywhere, so that a chunk and an issuing batch do not wait crosswise. */
function byAccount(a: VoucherRow, b: VoucherRow): number {
  const [left, right] = [`${a.groupCode}:${a.currency}`, `${b.groupCode}:${b.currency}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
