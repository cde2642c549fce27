/** Redemptions, operations and look-ups over 10,000, 100,000 and 1,000,000 rows, beside those over the fewest. */
import type { BenchKeys } from "../bed.ts";
import { withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { lookUpsPerSecond, plantPayees } from "../payees.ts";
import { plantFiller } from "../plant.ts";
import { besideSmaller, measureRates } from "../rates.ts";
import type { Rates } from "../rates.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";
import { enrolNodes } from "../uploading.ts";

export const growth: BenchRow = {
  name: "growth",
  comparedWith: "the same over the smallest database",
  run: (sizes) =>
    withBed(async (bed) => {
      const keys = bed.keys;
      return [...(await ofVouchers(bed, keys, sizes)), ...(await ofPayees(bed, keys, sizes))];
    }),
};

async function ofVouchers(bed: Bed, keys: BenchKeys, sizes: Sizes): Promise<readonly Figure[]> {
  const nodes = await bed.withServer(() => enrolNodes(bed, sizes.uploadingNodes));
  const figures: Figure[] = [];
  let smallest: Rates | undefined;
  let planted = 0;
  for (const size of sizes.growth) {
    await bed.withDatabase((client) => plantFiller(client, size - planted));
    planted = size;
    const rates = await measureRates(bed, keys, nodes, sizes);
    if (smallest) figures.push(...besideSmaller(`${size} vouchers`, rates, smallest));
    smallest ??= rates;
  }
  return figures;
}

/** A hundredth of them, then all. */
async function ofPayees(bed: Bed, keys: BenchKeys, { payees, lookUps }: Sizes): Promise<readonly Figure[]> {
  const few = Math.ceil(payees / 100);
  const step = Math.max(1, Math.floor(few / 100));
  const lookUpsOver = async (from: number, until: number) => {
    await bed.withDatabase((client) => plantPayees(client, keys, { from, until, step }));
    return bed.withServer(async () => {
      await lookUpsPerSecond(bed, { count: until, step, times: Math.ceil(lookUps / 10) });
      return lookUpsPerSecond(bed, { count: until, step, times: lookUps });
    });
  };
  const [smallest, all] = [await lookUpsOver(0, few), await lookUpsOver(few, payees)];
  return [
    {
      what: `look-ups a second, ${payees} payees beside ${few}`,
      ours: all,
      raw: smallest,
      unit: "/s",
      goal: { atLeast: 0.85 },
    },
  ];
}
