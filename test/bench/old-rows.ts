/** Rows of times past, straight into the tables that only grow. */
import { inTransaction } from "../../node-server/postgres/transaction.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { beginUnchecked } from "./plant.ts";

const mostAtOnce = 1_000_000;

/** Each statement puts in $1 rows, and is repeated until `count` are in or its own bound is reached. */
export async function fillTables(
  { pool }: DatabaseClient,
  count: number,
  fillers: readonly { readonly statement: string; readonly mostRows?: number }[],
): Promise<void> {
  for (let done = 0; done < count; done += mostAtOnce) {
    const some = Math.min(mostAtOnce, count - done);
    await inTransaction(pool, beginUnchecked, async (db) => {
      for (const { statement, mostRows = Infinity } of fillers)
        if (done < mostRows) await db.query(statement, [some]);
    });
  }
  await pool.query("vacuum analyze");
}

/** With their places in the chain. */
export const oldAuditEntries = `with entries as (
    insert into audit_entries (actor, action, subject, after)
      select 'node:bench', 'operation.redeem-voucher', 'operation:bench:' || n,
        jsonb_build_object('state', 'applied', 'serial', n::text)
      from generate_series(1, $1::int) as n returning id
  )
  insert into audit_seals (position, entry_id, hash)
    select (select coalesce(max(position), 0) from audit_seals) + row_number() over (order by id), id,
      sha256(id::text::bytea) from entries`;
