/** What operators do to one voucher, with a reason; the machine decides, as for whoever issued it. */
import type { Store } from "../ports/store.ts";
import { changeVoucher } from "./change.ts";
import { expiredIfDue } from "./expire.ts";

export const operatorVoucherActions = ["suspend", "unsuspend", "cancel"] as const;
export type OperatorVoucherAction = (typeof operatorVoucherActions)[number];

const events = { suspend: "SUSPEND", unsuspend: "UNSUSPEND", cancel: "CANCEL" } as const;

export interface ChangeWish {
  readonly serial: bigint;
  readonly action: OperatorVoucherAction;
  readonly because: string;
  readonly by: string;
}

export type VoucherChange =
  /** `pending`: what takes effect when its lease or claim ends, unless it is redeemed first. */
  | { readonly ok: true; readonly state: string; readonly pending: string | null }
  | { readonly ok: false; readonly refusal: string };

export function changeByOperator(
  store: Store,
  { serial, action, because, by }: ChangeWish,
): Promise<VoucherChange> {
  return store.transaction(async (tx) => {
    // Until then the server does not know what became of vouchers since the backup.
    if (await tx.recovery.open()) return { ok: false, refusal: "recovering" };
    const locked = (await tx.vouchers.lock([serial])).get(serial);
    if (!locked) return { ok: false, refusal: "unknown-voucher" };
    const voucher = await expiredIfDue(tx, locked);
    const changed = await changeVoucher(
      tx,
      voucher,
      { type: events[action] },
      { actor: `operator:${by}`, action: `voucher.${action}`, because },
    );
    if (!changed.ok) return { ok: false, refusal: changed.refusal.code };
    return { ok: true, state: changed.next.state, pending: changed.next.pending };
  });
}
