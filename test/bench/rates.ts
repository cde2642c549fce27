/** Redemptions and operations a second over a database as it stands, each on vouchers of their own. */
import type { BenchKeys } from "./bed.ts";
import type { BareNode } from "../support/bare-node.ts";
import type { Bed } from "./bed.ts";
import { plantVouchers } from "./plant.ts";
import { redeemOverHttp } from "./redeeming.ts";
import type { Figure } from "./row.ts";
import type { Sizes } from "./sizes.ts";
import { signBatches, uploadAll } from "./uploading.ts";

export interface Rates {
  readonly redemptions: number;
  readonly operations: number;
  readonly operationCount: number;
}

/** While no server runs. */
export async function measureRates(
  bed: Bed,
  keys: BenchKeys,
  nodes: readonly BareNode[],
  { redemptions, batches }: Sizes,
): Promise<Rates> {
  const warmUp = Math.ceil(redemptions / 10);
  const [vouchers, work] = await bed.withDatabase(async (client) => {
    const planted = [
      await plantVouchers(client, keys, warmUp + redemptions),
      await signBatches(client, keys, nodes, 1 + batches),
    ] as const;
    await client.pool.query("vacuum analyze");
    return planted;
  });
  return bed.withServer(async () => {
    const operations = await uploadAll(work);
    const { took, seconds } = await redeemOverHttp(bed, vouchers, warmUp);
    const operationCount = work.flatMap((each) => each.batches).flat().length;
    return { redemptions: took.length / seconds, operations, operationCount };
  });
}

/** Both kinds, beside what they were over the smaller database. */
export function besideSmaller(what: string, now: Rates, before: Rates): readonly Figure[] {
  return (["redemptions", "operations"] as const).map((kind) => ({
    what: `${kind} a second, ${what}`,
    ours: now[kind],
    raw: before[kind],
    unit: "/s",
    goal: { atLeast: 0.85 },
  }));
}
