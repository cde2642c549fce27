/** PINs of cashiers. A PIN keeps a neighbour's hands off the till; the key behind it is kept by the passphrase. */
import { scryptSync, timingSafeEqual } from "node:crypto";
import type { Refused } from "../../protocol.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { PeopleStorage, StoredCashier } from "../store/people.ts";
import { refused } from "./answers.ts";

export type PinResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "no-such-cashier" | "wrong-pin" }
  | { readonly ok: false; readonly code: "wait"; readonly untilMs: number };

/** After this many wrong ones each further one doubles the wait, up to the longest. */
const freeTries = 3;
const firstWaitMs = 5000;
const longestWaitMs = 900_000;

export function hashPin(pin: string, random: RandomBytes): Pick<StoredCashier, "salt" | "pinHash"> {
  const salt = random(16);
  return { salt, pinHash: pinHashOf(pin, salt) };
}

export function checkPin(people: PeopleStorage, id: number, pin: string, nowMs: number): PinResult {
  const cashier = people.find(id);
  if (!cashier) return { ok: false, code: "no-such-cashier" };
  // A clock that was set back makes nobody wait longer than the longest wait.
  const waitMs = cashier.waitUntilMs - nowMs;
  if (waitMs > 0 && waitMs <= longestWaitMs) return { ok: false, code: "wait", untilMs: cashier.waitUntilMs };
  if (timingSafeEqual(pinHashOf(pin, cashier.salt), cashier.pinHash)) {
    people.forgetWrongPins(id);
    return { ok: true };
  }
  const mustWaitMs = waitAfter(cashier.wrongPins + 1);
  people.noteWrongPin(id, mustWaitMs === 0 ? 0 : nowMs + mustWaitMs);
  return { ok: false, code: "wrong-pin" };
}

/** How long nothing more is looked at after so many wrong ones. */
export function waitAfter(wrong: number): number {
  return wrong < freeTries ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (wrong - freeTries));
}

function pinHashOf(pin: string, salt: Uint8Array): Uint8Array {
  return Uint8Array.from(scryptSync(pin.normalize("NFC"), salt, 32, { N: 2 ** 14, r: 8, p: 1 }));
}

export function pinRefused(checked: Extract<PinResult, { readonly ok: false }>): Refused {
  return refused(checked.code, checked.code === "wait" ? { untilMs: checked.untilMs } : {});
}
