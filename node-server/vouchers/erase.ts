/**
 * Voucher numbers are kept for their caller no longer than it needs them (GovStack vouchers, "Numbers"): some days after
 * their delivery the encrypted copies are erased. The rows stay, to tell when a number was delivered.
 */
import type { Store } from "../ports/store.ts";

/** How long a delivered number can be had again, by asking for its callback again. */
export const daysAfterDelivery = 7;

const chunkSize = 1000;

/** Erases what is due, and returns how many numbers that were. */
export async function eraseDeliveredNumbers(store: Store): Promise<number> {
  let erased = 0;
  for (;;) {
    const chunk = await store.transaction(async (tx) => {
      const before = new Date((await tx.now()).getTime() - daysAfterDelivery * 86_400_000);
      return tx.vouchers.eraseDelivered(before, chunkSize);
    });
    erased += chunk;
    if (chunk < chunkSize) return erased;
  }
}
