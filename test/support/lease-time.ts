/** Lets the time of open leases pass on the server, as far as the database is concerned. */
import type { Pool } from "pg";

/** Moves the ends of the vouchers' open leases by so many days. What was signed stays what it is. */
export async function ageLeases(pool: Pool, serials: readonly bigint[], days: number): Promise<void> {
  const client = await pool.connect();
  try {
    // A lease stays what it is: its guard is a trigger, which a replica does not run.
    await client.query("set session_replication_role = replica");
    await client.query(
      `update leases set not_after = not_after - make_interval(days => $2)
       where voucher_serial = any($1) and closed_at is null`,
      [serials, days],
    );
  } finally {
    await client.query("set session_replication_role = origin");
    client.release();
  }
}
