/** Budgets per programme and group, and what their vouchers use of them. */
import { sql } from "kysely";
import type { BudgetRows } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function budgetRows(trx: Trx): BudgetRows {
  return {
    async lock(programId, groupCode, currency) {
      const budget = await trx
        .selectFrom("budgets")
        .select("limit_minor")
        .where("program_id", "=", programId)
        .where("group_code", "=", groupCode)
        .where("currency", "=", currency)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (!budget) return undefined;
      // A statement of its own: it sees what was committed while this one waited for the lock.
      const used = sql<{ used: bigint }>`
        select coalesce(sum(v.amount_minor), 0)::bigint as used
        from vouchers v join voucher_batches b on b.id = v.batch
        where b.program_id = ${programId} and v.group_code = ${groupCode} and v.currency = ${currency}
          and ${countsAgainstBudget}`;
      const [row] = (await used.execute(trx)).rows;
      return { limitMinor: budget.limit_minor, usedMinor: row?.used ?? 0n };
    },
  };
}

/** Spent, or still able to be. A purged voucher was spent when a claim on it stands. */
const countsAgainstBudget = sql<boolean>`
  case v.state
    when 'cancelled' then false
    when 'expired' then false
    when 'purged' then exists (select from claims c where c.voucher_serial = v.serial and c.state <> 'released')
    else true
  end`;
