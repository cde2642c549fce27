/** How a voucher's state is shown to callers: an integer and a name (GovStack vouchers, "Status"). */
import type { VoucherState } from "#core/voucher.machine.ts";
import { hasExpired } from "#core/voucher-validity.ts";

export interface PublishedStatus {
  readonly status: number;
  readonly statusName: string;
}

/** A voucher past its last instant is shown as expired, even before the schedule has marked it. */
export function statusOf(
  voucher: { readonly state: VoucherState; readonly expiresAt: Date },
  now: Date,
): PublishedStatus {
  return hasExpired(voucher, now) ? published.expired : published[voucher.state];
}

const published: Readonly<Record<VoucherState, PublishedStatus>> = {
  preActivated: { status: 1, statusName: "Pre-Activated" },
  activated: { status: 2, statusName: "Activated" },
  // A lease or a payout under way is the server's business; to a caller the voucher is still activated.
  leased: { status: 2, statusName: "Activated" },
  redeeming: { status: 2, statusName: "Activated" },
  cancelled: { status: 3, statusName: "Cancelled" },
  expired: { status: 4, statusName: "Expired" },
  consumed: { status: 5, statusName: "Consumed" },
  suspended: { status: 6, statusName: "Suspended" },
  blocked: { status: 6, statusName: "Blocked" },
  purged: { status: 9, statusName: "Purged" },
};
