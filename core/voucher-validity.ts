/**
 * A voucher is good up to and including its last instant, whether or not the schedule that marks it expired has run
 * (GovStack vouchers, "Lifecycle").
 */
import type { VoucherState } from "./voucher.machine.ts";

/** True when time alone refuses the voucher: states that expiry still can reach at once, past their end. */
export function hasExpired(
  voucher: { readonly state: VoucherState; readonly expiresAt: Date },
  now: Date,
): boolean {
  const canExpire =
    voucher.state === "preActivated" || voucher.state === "activated" || voucher.state === "suspended";
  return canExpire && isPastEnd(voucher, now);
}

/** Whether the last instant has passed; a lease or a payout that was open before it may still end in a redemption. */
export function isPastEnd(voucher: { readonly expiresAt: Date }, now: Date): boolean {
  return now.getTime() > voucher.expiresAt.getTime();
}
