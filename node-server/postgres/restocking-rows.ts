/** The levels below which a group's stock is to be filled up, beside the stock itself. */
import { sql } from "kysely";
import type { RestockingRows, StockLevel } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function restockingRows(trx: Trx): RestockingRows {
  return {
    async levels() {
      const levels = sql<StockLevel>`
        select r.group_code as "groupCode", r.currency, r.least_funding_minor as "leastFundingMinor",
          r.least_vouchers as "leastVouchers", coalesce(a.balance_minor, 0)::bigint as "fundingMinor",
          (select count(*)::int from vouchers v
            where v.group_code = r.group_code and v.currency = r.currency
              and v.state in ('preActivated', 'activated') and v.expires_at >= clock_timestamp()) as vouchers
        from restock_levels r
        left join accounts a on a.kind = 'funding' and a.owner = r.group_code and a.currency = r.currency
        order by r.group_code, r.currency`;
      return (await levels.execute(trx)).rows;
    },
  };
}
