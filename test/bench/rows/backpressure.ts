/**
 * Three times the load that a server can carry: what it takes is answered in time, the others are told when to
 * come back.
 */
import { withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { carriedBy, overload } from "../overload.ts";
import { plantVouchers } from "../plant.ts";
import { redeemOverHttp } from "../redeeming.ts";
import { percentile } from "../row.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";

const times = 3;

export const backpressure: BenchRow = {
  name: "backpressure",
  comparedWith: `the load that it carries; it gets ${times} times that`,
  run: (sizes) => withBed((bed) => measure(bed, sizes)),
};

async function measure(bed: Bed, { redemptions, overloadSeconds }: Sizes): Promise<readonly Figure[]> {
  const keys = bed.keys;
  const plant = (count: number) => bed.withDatabase((client) => plantVouchers(client, keys, count));
  const vouchers = await plant(redemptions);
  return bed.withServer(async () => {
    const carried = await redeemOverHttp(bed, vouchers, Math.ceil(redemptions / 10));
    const perSecond = times * carriedBy(carried);
    const supply = await plant(Math.ceil(perSecond * overloadSeconds));
    const { accepted, shed, failures } = await overload(bed, supply, { perSecond, seconds: overloadSeconds });
    if (failures.length > 0) throw new Error(`${failures.length} failed: ${failures[0]}`);
    return [
      {
        what: "accepted a second",
        ours: accepted.length / overloadSeconds,
        raw: carriedBy(carried),
        unit: "/s",
        goal: { atLeast: 0.6 },
      },
      {
        what: "told to come back",
        ours: (100 * shed) / (accepted.length + shed),
        raw: null,
        unit: "%",
        goal: null,
      },
      {
        what: "accepted and answered within, 99 %",
        ours: percentile(accepted, 0.99),
        raw: null,
        unit: "ms",
        goal: { atMost: 2000 },
      },
    ];
  });
}
