/** Whether the books are what the journal says: read by whoever has restored them. */
import type { Pool } from "pg";

/** What is wrong with them, in words; nothing where they balance. */
export async function findBookErrors(pool: Pool): Promise<string[]> {
  const { rows: unbalanced } = await pool.query<{ currency: string; sum: string }>(
    `select currency, sum(balance_minor)::text as sum from accounts group by currency having sum(balance_minor) <> 0`,
  );
  const { rows: wrong } = await pool.query<{ id: string; balance: string; journal: string }>(
    `select id, balance_minor::text as balance, coalesce(sum, 0)::text as journal
     from accounts left join (select account_id, sum(amount_minor) from journal_lines group by 1) l on account_id = id
     where balance_minor <> coalesce(sum, 0) order by id limit 20`,
  );
  return [
    ...unbalanced.map(({ currency, sum }) => `the accounts in ${currency} add up to ${sum} and not to 0`),
    ...wrong.map(
      ({ id, balance, journal }) =>
        `the account ${id} holds ${balance}, and its entries add up to ${journal}`,
    ),
  ];
}
