/** What the 1.0 status check tells of a voucher (GovStack vouchers, 1.0: voucherstatuscheck). */
import { hasExpired } from "#core/voucher-validity.ts";
import type { Money } from "#core/money.ts";
import { parseSerial } from "#core/voucher-number.ts";
import type { VoucherState } from "#core/voucher.machine.ts";
import type { Store } from "../../ports/store.ts";

export type StatusRefusal = "unknown-voucher" | "already-used" | "expired";

export type CheckedStatus =
  | { readonly ok: true; readonly status: string; readonly money: Money }
  | { readonly ok: false; readonly code: StatusRefusal };

/** `scope` is the institution whose vouchers alone are known; null knows all, as a sandbox does. */
export function checkStatus(
  store: Store,
  scope: string | null,
  serialNumber: string,
): Promise<CheckedStatus> {
  return store.transaction(async (tx): Promise<CheckedStatus> => {
    const serial = parseSerial(serialNumber);
    if (serial === undefined) return refused("unknown-voucher");
    const inventory = scope === null ? await tx.inventory.find(serial) : undefined;
    if (inventory) return { ok: true, status: "Not Pre-Activated", money: inventory };
    const voucher = await tx.vouchers.find(serial);
    if (!voucher || (scope !== null && voucher.institutionId !== scope)) return refused("unknown-voucher");
    if (hasExpired(voucher, await tx.now())) return refused("expired");
    const status = published[voucher.state];
    return "refused" in status ? refused(status.refused) : { ok: true, status: status.shown, money: voucher };
  });
}

/** The 1.0 API has no word for a cancelled voucher; a lease or a payout under way is the server's business. */
const published: Readonly<
  Record<VoucherState, { readonly shown: string } | { readonly refused: StatusRefusal }>
> = {
  preActivated: { shown: "Pre-Activated" },
  activated: { shown: "Activated" },
  leased: { shown: "Activated" },
  redeeming: { shown: "Activated" },
  suspended: { shown: "Suspended" },
  blocked: { shown: "Blocked" },
  cancelled: { shown: "Blocked" },
  purged: { shown: "Purged" },
  consumed: { refused: "already-used" },
  expired: { refused: "expired" },
};

function refused(code: StatusRefusal): CheckedStatus {
  return { ok: false, code };
}
