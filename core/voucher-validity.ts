/**
 * A voucher is good up to and including its last instant, whether or not the schedule that marks it expired has run
 * (GovStack vouchers, "Lifecycle").
 */
import type { VoucherState } from "./voucher.machine.ts";

/** True when time alone refuses the voucher: states that expiry still can reach, past their end. */
export function hasExpired(
  voucher: { readonly state: VoucherState; readonly expiresAt: Date },
  now: Date,
): boolean {
  const canExpire =
    voucher.state === "preActivated" || voucher.state === "activated" || voucher.state === "suspended";
  return canExpire && now.getTime() > voucher.expiresAt.getTime();
}
