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
  /** Makes so many more, if any, none of which a voucher has. */
  make(count: number): Promise<void>;
  /** For one attempt of a transaction: what it takes stays in the stock until `remove`. */
  offer(): NumberOffer;
  /** To be called after the commit: a serial that a voucher has, or could not have, is not offered again. */
  remove(serials: Iterable<bigint>): void;
}

export interface NumberOffer {
  readonly taken: ReadonlySet<bigint>;
  readonly areFree: true;
  drawSerials(count: number): Promise<readonly bigint[]>;
  issue(serial: bigint): Promise<IssuedNumber>;
}

/**
 * Numbers that are made in one go, before requests and the database's answers have their turn again. Few, so that the
 * small statements of a chunk wait for little, and most numbers are made while the database stores vouchers.
 */
const lotSize = 6;
/** While one ends, the threads of the scrypts (two or three) have another to work on. */
const lotsAtOnce = 2;

export function createNumberStock(
  store: Store,
  making: NumberMaking,
  callerPublicKey: Uint8Array,
): NumberStock {
  const boxKey = callerBoxKey(making.keys, callerPublicKey);
  const ready = new Map<bigint, IssuedNumber>();
  /** Gives how many of them are free. */
  async function add(count: number): Promise<number> {
    const serials = await store.transaction((tx) => tx.vouchers.nextSerials(count));
    const lots = lotsOf(serials).entries();
    const made: Numbered[][] = [];
    const makeLots = async () => {
      for (const [index, lot] of lots) {
        const randomBytes = fromOneDraw(making.randomBytes, lot.length * randomOfNumber);
        const issue = async (serial: bigint) => ({
          serial,
          ...(await issueNumber({ ...making, randomBytes }, serial, boxKey)),
        });
        made[index] = await Promise.all(lot.map(issue));
        await othersTurn();
      }
    };
    await Promise.all(Array.from({ length: lotsAtOnce }, makeLots));
    const free = await store.transaction((tx) => tx.vouchers.withFreeNumbers(made.flat()));
    for (const { serial, ...number } of free) ready.set(serial, number);
    return free.length;
  }
  return {
    get size() {
      return ready.size;
    },
    async make(count) {
      for (let missing = count; missing > 0;) missing -= await add(missing);
    },
    offer: () => offerOf(ready),
    remove(serials) {
      for (const serial of serials) ready.delete(serial);
    },
  };
}

interface Numbered extends IssuedNumber {
  readonly serial: bigint;
}

function lotsOf(serials: readonly bigint[]): bigint[][] {
  return Array.from({ length: Math.ceil(serials.length / lotSize) }, (_, index) =>
    serials.slice(index * lotSize, (index + 1) * lotSize),
  );
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
    areFree: true,
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
