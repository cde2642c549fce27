/** What operators change, and the audit entry that tells it, are one transaction. */
import { isDeepStrictEqual } from "node:util";
import type { Pool, PoolClient } from "pg";

/** A query that gives what the audit entry tells as one JSON value `seen`; no row where there is nothing. */
export type Look = readonly [sql: string, ...values: readonly unknown[]];

export interface OperatorChange {
  readonly action: string;
  /** Kind and id, such as `merchant:M-1`. */
  readonly subject: string;
  readonly look: Look;
  /** Who does it, where that is known. */
  readonly by?: string;
}

export interface Changed {
  /** Whether there is such a thing now. */
  readonly exists: boolean;
  /** Without a change there is no audit entry. */
  readonly isNew: boolean;
}

/** Does the work, and records what was seen before it and after. Nothing stays of a work that throws. */
export async function operatorChange(
  pool: Pool,
  { action, subject, look, by }: OperatorChange,
  work: (client: PoolClient) => Promise<unknown>,
): Promise<Changed> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const before = await see(client, look);
    await work(client);
    const after = await see(client, look);
    const isNew = !isDeepStrictEqual(before, after);
    if (isNew) {
      await client.query(
        `insert into audit_entries (actor, action, subject, before, after) values ($5, $1, $2, $3, $4)`,
        [action, subject, json(before), json(after), by === undefined ? "operator" : `operator:${by}`],
      );
    }
    await client.query("commit");
    return { exists: after !== undefined, isNew };
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

async function see(client: PoolClient, [sql, ...values]: Look): Promise<unknown> {
  const { rows } = await client.query<{ readonly seen: unknown }>(sql, values);
  return rows[0]?.seen;
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
