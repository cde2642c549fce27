/** Alerts as operators list and end them. */
import type { Pool } from "pg";

export interface Alert {
  readonly id: bigint;
  readonly at: Date;
  readonly kind: string;
  readonly subject: string;
  readonly detail: unknown;
  readonly endedAt: Date | null;
}

/** The newest thousand, open ones only unless `all`. */
export async function listAlerts(pool: Pool, all: boolean): Promise<Alert[]> {
  const { rows } = await pool.query<Alert>(
    `select id, at, kind, subject, detail, ended_at as "endedAt" from alerts
     where $1 or ended_at is null order by id desc limit 1000`,
    [all],
  );
  return rows;
}

/** Returns false when no open alert has the id. */
export async function endAlert(pool: Pool, id: bigint, by: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with ended as (
       update alerts set ended_at = clock_timestamp() where id = $1 and ended_at is null returning id, kind
     )
     insert into audit_entries (actor, action, subject, before)
     select 'operator:' || $2, 'alert.end', 'alert:' || id, jsonb_build_object('kind', kind) from ended`,
    [id, by],
  );
  return rowCount === 1;
}
