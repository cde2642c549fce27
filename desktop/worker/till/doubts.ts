/**
 * Guessing at the registry from this till: what it did not confirm for a voucher makes the next question wait, longer each
 * time, as wrong PINs do. The server counts as well, and remembers across restarts.
 */
import { waitAfter } from "./pin.ts";

export interface Doubts {
  /** How long no question about the voucher is let through; 0 where one is. */
  waitMs(serial: bigint): number;
  note(serial: bigint): void;
  forget(serial: bigint): void;
}

interface Doubt {
  readonly wrong: number;
  readonly untilMs: number;
}

/** More vouchers than anybody is asked about between two starts; the oldest is forgotten, and the server is not. */
const mostKept = 1000;

/** By a clock that nobody can set. */
export function createDoubts(sinceBootMs: () => number): Doubts {
  const kept = new Map<bigint, Doubt>();
  return {
    waitMs: (serial) => Math.max(0, (kept.get(serial)?.untilMs ?? 0) - sinceBootMs()),
    note(serial) {
      const wrong = (kept.get(serial)?.wrong ?? 0) + 1;
      kept.delete(serial);
      kept.set(serial, { wrong, untilMs: sinceBootMs() + waitAfter(wrong) });
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    },
    forget: (serial) => void kept.delete(serial),
  };
}
