/** Restocking alerts (GovStack vouchers, "Stock report"): one is open while a group's stock lies below its level. */
import type { StockLevel, Store } from "../ports/store.ts";

export async function watchStock(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (const level of await tx.restocking.levels()) {
      const subject = `group:${level.groupCode}:${level.currency}`;
      if (isLow(level)) await tx.alerts.raise("restock", subject, detailOf(level));
      else await tx.alerts.end("restock", subject);
    }
  });
}

function isLow({ fundingMinor, leastFundingMinor, vouchers, leastVouchers }: StockLevel): boolean {
  const lacksFunding = leastFundingMinor !== null && fundingMinor < leastFundingMinor;
  return lacksFunding || (leastVouchers !== null && vouchers < leastVouchers);
}

function detailOf(level: StockLevel): Record<string, unknown> {
  return {
    fundingMinor: String(level.fundingMinor),
    leastFundingMinor: level.leastFundingMinor === null ? null : String(level.leastFundingMinor),
    vouchers: level.vouchers,
    leastVouchers: level.leastVouchers,
  };
}
