/**
 * Token buckets: so many at once, then so many a second. They are this process's own: several servers over one database let
 * through so much each.
 */

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateLimit {
  /** Takes one; gives the seconds until there is one again where there is none. */
  take(key: string): number | undefined;
  /** The same without taking. */
  look(key: string): number | undefined;
}

/** Whoever was longest silent is forgotten first, and starts anew. */
const mostKeys = 20_000;

/** `now` in milliseconds. */
export function createRateLimit({ perSecond, burst }: Rate, now: () => number): RateLimit {
  const buckets = new Map<string, { readonly tokens: number; readonly at: number }>();

  function tokensOf(key: string): number {
    const bucket = buckets.get(key);
    if (!bucket) return burst;
    return Math.min(burst, bucket.tokens + (Math.max(0, now() - bucket.at) / 1000) * perSecond);
  }

  function wait(tokens: number): number | undefined {
    return tokens >= 1 ? undefined : Math.max(1, Math.ceil((1 - tokens) / perSecond));
  }

  return {
    look: (key) => wait(tokensOf(key)),
    take(key) {
      const tokens = tokensOf(key);
      const seconds = wait(tokens);
      // Set anew, so that the map is in the order of the last calls.
      buckets.delete(key);
      buckets.set(key, { tokens: seconds === undefined ? tokens - 1 : tokens, at: now() });
      const [oldest] = buckets.size > mostKeys ? buckets.keys() : [];
      if (oldest !== undefined) buckets.delete(oldest);
      return seconds;
    },
  };
}
