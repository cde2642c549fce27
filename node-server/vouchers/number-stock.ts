/**
 * Serials with their numbers, made ahead for one caller: their scrypts take far longer than all else of a voucher, and
 * no transaction waits for them. A number itself is gone when this has it; what is not used is lost with the process.
 */
import { setImmediate as othersTurn } from "node:timers/promises";
import type { Store } from "../ports/store.ts";
import { callerBoxKey, issueNumber, randomOfNumber } from "./numbers.ts";
import type { IssuedNumber, NumberMaking } from "./numbers.ts";

export interface NumberStock {
  readonly size: number;
  /** Makes numbers until there are as many. */
  fill(count: number): Promise<void>;
  /** For one attempt of a transaction: what it takes stays in the stock until `remove`. */
  offer(): NumberOffer;
  /** To be called after the commit: a serial that a voucher has, or could not have, is not offered again. */
  remove(serials: Iterable<bigint>): void;
}

export interface NumberOffer {
  readonly taken: ReadonlySet<bigint>;
  drawSerials(count: number): Promise<readonly bigint[]>;
  issue(serial: bigint): Promise<IssuedNumber>;
}

/**
 * Numbers that are made in one go, before requests and the database's answers have their turn again. Few, so that the
 * small statements of a chunk wait for little, and most numbers are made while the database stores vouchers; and a multiple of the scrypts that run at once (two or three).
 */
const lotSize = 6;

export function createNumberStock(
  store: Store,
  making: NumberMaking,
  callerPublicKey: Uint8Array,
): NumberStock {
  const boxKey = callerBoxKey(making.keys, callerPublicKey);
  const ready = new Map<bigint, IssuedNumber>();
  return {
    get size() {
      return ready.size;
    },
    async fill(count) {
      const missing = count - ready.size;
      if (missing <= 0) return;
      const serials = await store.transaction((tx) => tx.vouchers.nextSerials(missing));
      for (let from = 0; from < serials.length; from += lotSize) {
        const lot = serials.slice(from, from + lotSize);
        const randomBytes = fromOneDraw(making.randomBytes, lot.length * randomOfNumber);
        const made = await Promise.all(
          lot.map(
            async (serial) =>
              [serial, await issueNumber({ ...making, randomBytes }, serial, boxKey)] as const,
          ),
        );
        for (const [serial, number] of made) ready.set(serial, number);
        await othersTurn();
      }
    },
    offer: () => offerOf(ready),
    remove(serials) {
      for (const serial of serials) ready.delete(serial);
    },
  };
}

/** Cuts small pieces from one draw, since each draw costs about the same; further ones are drawn when it is used up. */
function fromOneDraw(randomBytes: NumberMaking["randomBytes"], length: number): NumberMaking["randomBytes"] {
  const drawn = randomBytes(length);
  let used = 0;
  return (wanted) => {
    if (used + wanted > drawn.length) return randomBytes(wanted);
    used += wanted;
    return drawn.subarray(used - wanted, used);
  };
}

function offerOf(ready: ReadonlyMap<bigint, IssuedNumber>): NumberOffer {
  const left = ready.keys();
  const taken = new Set<bigint>();
  return {
    taken,
    async drawSerials(count) {
      return Array.from({ length: count }, () => {
        const next = left.next();
        if (next.done) throw new Error("the stock has too few numbers");
        taken.add(next.value);
        return next.value;
      });
    },
    async issue(serial) {
      const number = ready.get(serial);
      if (!number) throw new Error(`the stock has no number for the serial ${serial}`);
      return number;
    },
  };
}
