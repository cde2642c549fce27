/** Waiting between tries: exponential with full jitter, so that nodes that lost the server together do not return together. */
import type { Sleep } from "./ports/clock.ts";
import { isPassing } from "./server-call.ts";
import type { CallFailure } from "./server-call.ts";
import type { RandomBytes } from "./signing/random.ts";

export interface Patience {
  readonly sleep: Sleep;
  readonly randomBytes: RandomBytes;
  /** How often to try in all; Infinity for a node that runs in the background. */
  readonly attempts: number;
  readonly signal?: AbortSignal | undefined;
}

const firstCapMs = 500;
const longestCapMs = 60_000;

/** A random wait before try number `attempt` + 1, never below what the server asked for. */
export function backOffMs(attempt: number, retryAfterMs: number, randomBytes: RandomBytes): number {
  const capMs = Math.min(longestCapMs, firstCapMs * 2 ** Math.min(attempt - 1, 20));
  const share = new DataView(Uint8Array.from(randomBytes(4)).buffer).getUint32(0) / 2 ** 32;
  return Math.max(retryAfterMs, Math.floor(share * capMs));
}

/** Repeats a call while it fails in a way that may pass. The last failure is the result. */
export async function patiently<T extends { readonly ok: boolean }>(
  { sleep, randomBytes, attempts, signal }: Patience,
  work: () => Promise<T | { readonly ok: false; readonly failure: CallFailure }>,
): Promise<T | { readonly ok: false; readonly failure: CallFailure }> {
  for (let attempt = 1; ; attempt++) {
    const result = await work();
    if (!("failure" in result) || !isPassing(result.failure)) return result;
    if (attempt >= attempts || signal?.aborted) return result;
    const floorMs = result.failure.code === "busy" ? result.failure.retryAfterMs : 0;
    await sleep(backOffMs(attempt, floorMs, randomBytes), signal);
    if (signal?.aborted) return result;
  }
}
