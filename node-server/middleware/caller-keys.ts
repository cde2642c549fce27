/**
 * Where the keys of callers' tokens come from (RFC 7517). An issuer that cannot be reached keeps nobody out whose key was known
 * before; without any keys it is the server that cannot answer, not the caller who is wrong.
 */
import { createLocalJWKSet, errors } from "jose";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";

/** The issuer's keys are needed and cannot be had now. */
export class KeysAwayError extends Error {}

export interface RemoteKeysOptions {
  readonly now: () => number;
  readonly timeoutMs: number;
  /** After this the keys are fetched anew; one that the issuer withdrew counts until then. */
  readonly freshMs: number;
  /** Between two tries, while the issuer is away or tokens name a key that it does not have. */
  readonly pauseMs: number;
  /** So long keys are believed that could not be fetched anew. */
  readonly mostAgeMs: number;
}

const usual: RemoteKeysOptions = {
  now: Date.now,
  timeoutMs: 5_000,
  freshMs: 10 * 60_000,
  pauseMs: 30_000,
  mostAgeMs: 24 * 3_600_000,
};

export function keysOfDocument(keySet: JSONWebKeySet): JWTVerifyGetKey {
  return createLocalJWKSet(keySet);
}

/** The keys throw KeysAwayError. */
export function keysOfUrl(url: URL, options: Partial<RemoteKeysOptions> = {}): JWTVerifyGetKey {
  const { now, timeoutMs, freshMs, pauseMs, mostAgeMs } = { ...usual, ...options };
  let known: { readonly keys: JWTVerifyGetKey; readonly at: number } | undefined;
  let triedAt = -Infinity;
  let fetching: Promise<void> | undefined;

  return async (header, token) => {
    const age = () => now() - (known?.at ?? -Infinity);
    if (age() > freshMs) await refresh();
    if (!known || age() > mostAgeMs) throw new KeysAwayError();
    try {
      return await known.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      // It may be a new key, which only the issuer could tell.
      if (known.at < triedAt) throw new KeysAwayError();
      return known.keys(header, token);
    }
  };

  /** At most once in each pause; whoever comes meanwhile waits for the same answer. */
  function refresh(): Promise<void> {
    const pause = known ? pauseMs : Math.min(pauseMs, 1_000);
    if (!fetching && now() - triedAt < pause) return Promise.resolve();
    fetching ??= fetchKeys().finally(() => (fetching = undefined));
    return fetching;
  }

  async function fetchKeys(): Promise<void> {
    triedAt = now();
    const at = triedAt;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal,
      });
      if (!response.ok) return;
      known = { keys: createLocalJWKSet((await response.json()) as JSONWebKeySet), at };
    } catch {
      // Away, or what it says is no key set: what was known before stays.
    }
  }
}
