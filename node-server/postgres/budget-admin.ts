/** Budgets per programme and group as operators set and read them. */
import type { Pool } from "pg";

export interface NewBudget {
  readonly programId: string;
  readonly groupCode: string;
  readonly currency: string;
  readonly limitMinor: bigint;
}

/** A limit below what is used already refuses new vouchers and touches none that exist. */
export async function setBudget(pool: Pool, budget: NewBudget): Promise<void> {
  await pool.query(
    `insert into budgets (program_id, group_code, currency, limit_minor) values ($1, $2, $3, $4)
     on conflict (program_id, group_code, currency) do update set limit_minor = $4`,
    [budget.programId, budget.groupCode, budget.currency, budget.limitMinor],
  );
}
