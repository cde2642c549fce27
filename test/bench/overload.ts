/** More redemptions than a server can carry: so many begin each second, however many are under way. */
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "undici";
import type { Bed } from "./bed.ts";
import type { PlantedVoucher } from "./plant.ts";
import { createRedeem } from "./redeeming.ts";

export interface Load {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Overloaded {
  /** Milliseconds of each request that was answered with 200. */
  readonly accepted: number[];
  /** Those that were answered with 429 or 503 and `Retry-After`. */
  shed: number;
  /** What else came of some. */
  readonly failures: string[];
}

const tickMs = 20;

/** Takes vouchers from `supply`, and brings those back that were not taken. Throws where it is used up. */
export async function overload(
  bed: Bed,
  supply: PlantedVoucher[],
  { perSecond, seconds }: Load,
  onSecond: (second: number, soFar: Overloaded) => Promise<void> = async () => {},
): Promise<Overloaded> {
  const dispatcher = new Agent({ connections: 1000, pipelining: 1 });
  const redeem = await createRedeem(bed, dispatcher);
  const seen: Overloaded = { accepted: [], shed: 0, failures: [] };
  const pending = new Set<Promise<void>>();
  const one = async (voucher: PlantedVoucher, index: number): Promise<void> => {
    const begun = performance.now();
    try {
      const { status, text, retryAfter } = await redeem(voucher, index);
      if (status === 200) seen.accepted.push(performance.now() - begun);
      else if ((status === 429 || status === 503) && retryAfter !== undefined) {
        seen.shed += 1;
        supply.push(voucher);
      } else seen.failures.push(`${status} ${text}`);
    } catch (error) {
      seen.failures.push(String(error));
    }
  };
  const begun = performance.now();
  let [sent, told] = [0, 0];
  for (let elapsed = 0; elapsed < seconds * 1000; elapsed = performance.now() - begun) {
    for (const due = (elapsed * perSecond) / 1000; sent < due; sent++) {
      const voucher = supply.shift();
      if (!voucher) throw new Error("there are too few vouchers for this load");
      const answered = one(voucher, sent).finally(() => pending.delete(answered));
      pending.add(answered);
    }
    if (elapsed >= 1000 * (told + 1)) await onSecond(++told, seen);
    await delay(tickMs);
  }
  await Promise.all(pending);
  await dispatcher.close();
  return seen;
}

/** Redemptions a second that the server carries: those of 16 callers who wait for their answers. */
export function carriedBy({ took, seconds }: { took: readonly number[]; seconds: number }): number {
  return took.length / seconds;
}
