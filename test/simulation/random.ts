/** The one source of chance in a simulation: the same seed draws the same values, on every machine. */
export interface Random {
  /** 0 to 1, without 1. */
  fraction(): number;
  /** 0 to below - 1. */
  below(limit: number): number;
  chance(probability: number): boolean;
  /** Throws for an empty list. */
  pick<T>(from: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** `label` separates streams of one seed, so that one that draws more does not move the others. */
export function createRandom(seed: number, label: string): Random {
  let state = hashOf(`${seed}:${label}`);
  // mulberry32: small, and good enough to choose faults by. What must not be guessed is never drawn from it.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const fraction = () => next() / 2 ** 32;
  const below = (limit: number) => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick(from) {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error("nothing to pick from");
      return picked;
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
