/** One transaction on one connection of the pool. A connection whose transaction went wrong does not go back to it. */
import type { Pool, PoolClient } from "pg";

/**
 * Runs `work` between `begin` (one or several statements) and COMMIT. When either throws, nothing was done and the
 * error is passed on.
 */
export async function inTransaction<T>(
  pool: Pool,
  begin: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection that is lost between two statements says so by an event, which ends the process if nobody listens;
  // the next statement fails anyway.
  client.on("error", ignore);
  let failed = true;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query("COMMIT");
    failed = false;
    return result;
  } finally {
    client.off("error", ignore);
    // Closing it rolls back, also where a ROLLBACK could no longer be sent.
    client.release(failed);
  }
}

function ignore(): void {}
