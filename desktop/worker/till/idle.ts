/**
 * The lock after idle, kept by the till: a page that was killed, or another one that was let in, finds the screen locked.
 * What a page asks by itself, to draw what has changed, is no touch.
 */
import type { RequestName } from "../../protocol.ts";

export type TouchName = Exclude<RequestName, "practice">;

/** Whether somebody has done something who asks this. */
const touches: { readonly [Name in TouchName]: boolean } = {
  state: false,
  settings: true,
  "quit-check": false,
  touch: true,
  enrol: true,
  unlock: true,
  lock: true,
  "add-passphrase": true,
  "add-cashier": true,
  "remove-cashier": true,
  "change-pin": true,
  "reset-pin": true,
  "sign-in": true,
  "sign-out": true,
  "open-cash": true,
  "move-cash": true,
  "close-shift": true,
  authenticate: true,
  shifts: false,
  disputes: false,
  appeal: true,
  evidence: true,
  payouts: false,
  "practice-vouchers": false,
  "practice-bills": false,
  check: true,
  redeem: true,
  history: false,
  operation: false,
  totals: false,
  sync: true,
  leases: false,
  reserve: true,
  release: true,
  export: true,
  import: true,
  "hand-in": true,
  receipt: false,
  "payee-desk": false,
  "look-up-payee": true,
  "change-payee": true,
  "payee-operations": false,
  "bill-desk": false,
  "find-bills": false,
  bill: false,
  "check-bill": true,
  "pay-bill": true,
  "bill-payment": false,
  "bill-history": false,
  "bill-totals": false,
  "bill-refunds": false,
  "refund-bill": true,
};

export interface Idle {
  touch(): void;
  isOver(lockAfterMinutes: number): boolean;
}

/** By a clock that nobody can set, and that runs on while the machine sleeps. */
export function createIdle(sinceBootMs: () => number): Idle {
  let touchedMs = sinceBootMs();
  return {
    touch() {
      touchedMs = sinceBootMs();
    },
    isOver: (lockAfterMinutes) => sinceBootMs() - touchedMs >= lockAfterMinutes * 60_000,
  };
}

export function isTouch(name: TouchName): boolean {
  return touches[name];
}
