/** One receiver that is slow keeps the others from nothing: so many callbacks are under way to one, and the next wait their turn. */

export interface FairShare {
  /** False where the receiver has its share already. */
  take(url: string): boolean;
  giveBack(url: string): void;
}

export function createFairShare(most: number): FairShare {
  const underWay = new Map<string, number>();
  return {
    take(url) {
      const { origin } = new URL(url);
      const count = underWay.get(origin) ?? 0;
      if (count >= most) return false;
      underWay.set(origin, count + 1);
      return true;
    },
    giveBack(url) {
      const { origin } = new URL(url);
      const count = (underWay.get(origin) ?? 0) - 1;
      if (count > 0) underWay.set(origin, count);
      else underWay.delete(origin);
    },
  };
}
