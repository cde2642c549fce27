/** How the server is: what waits, since when, and how far everything has come. For `/readiness` and `/metrics`. */
import type { Pool } from "pg";

export interface Waiting {
  readonly count: number;
  /** 0 where nothing waits. */
  readonly oldestSeconds: number;
}

export interface VitalSigns {
  readonly callbacks: Waiting;
  readonly notifications: Waiting;
  /** Claims whose payout has not ended, by state. */
  readonly payouts: Readonly<Record<"claimed" | "unknown" | "owed", Waiting>>;
  /** Operations that wait for something, by reason. */
  readonly held: Readonly<Record<string, Waiting>>;
  /** Entries of the audit trail that have no place in its chain yet. */
  readonly unsealed: Waiting;
  readonly alerts: number;
  /** Changes of shapes that no node can see yet, and the last position that one can. */
  readonly shapeLog: { readonly unstamped: number; readonly position: number };
  readonly generation: number;
  readonly isRecovering: boolean;
  readonly nodes: { readonly active: number; readonly silentForWeek: number };
  /** Segments of the write-ahead log that could not be archived since the last that was; 0 where none is to be. */
  readonly archiveFailures: number;
}

/** Every part of it has an index, so that a large database answers as soon as a small one. */
export async function readVitalSigns(pool: Pool): Promise<VitalSigns> {
  const { rows: waiting } = await pool.query<{
    what: string;
    part: string;
    count: number;
    oldest: number;
  }>(
    `select 'callbacks' as what, '' as part, ${waitingSince("requested_at")} from callbacks where state = 'waiting'
     union all
     select 'notifications', '', ${waitingSince("requested_at")} from notifications where state = 'waiting'
     union all
     select 'payouts', state, ${waitingSince("created_at")} from claims
       where state in ('claimed', 'unknown', 'owed') group by state
     union all
     select 'held', coalesce(reason, ''), ${waitingSince("received_at")} from operations where state = 'held' group by reason
     union all
     select 'unsealed', '', ${waitingSince("e.at")} from audit_unsealed u join audit_entries e on e.id = u.entry_id`,
  );
  const { rows } = await pool.query<{
    alerts: number;
    unstamped: number;
    position: number;
    generation: number;
    recovering: boolean;
    active: number;
    silent: number;
    archive_failures: number;
  }>(
    `select
       (select count(*) from alerts where ended_at is null)::int as alerts,
       (select count(*) from shape_log where position is null)::int as unstamped,
       (select last_position from shape_positions)::float8 as position,
       (select generation from server_identity) as generation,
       exists (select from recoveries where ended_at is null) as recovering,
       (select count(*) from nodes where status = 'active')::int as active,
       (select count(*) from nodes where status = 'active'
          and coalesce(last_contact_at, enrolled_at) < clock_timestamp() - interval '7 days')::int as silent,
       (select case when last_failed_time > coalesce(last_archived_time, '-infinity') then failed_count else 0 end
          from pg_stat_archiver)::int as archive_failures`,
  );
  const [row] = rows;
  if (!row) throw new Error("the vital signs are empty");
  const of = (what: string) => waiting.filter((entry) => entry.what === what);
  const one = (what: string, part = ""): Waiting => {
    const found = of(what).find((entry) => entry.part === part);
    return { count: found?.count ?? 0, oldestSeconds: found?.oldest ?? 0 };
  };
  return {
    callbacks: one("callbacks"),
    notifications: one("notifications"),
    payouts: {
      claimed: one("payouts", "claimed"),
      unknown: one("payouts", "unknown"),
      owed: one("payouts", "owed"),
    },
    held: Object.fromEntries(of("held").map(({ part }) => [part, one("held", part)])),
    unsealed: one("unsealed"),
    alerts: row.alerts,
    shapeLog: { unstamped: row.unstamped, position: row.position },
    generation: row.generation,
    isRecovering: row.recovering,
    nodes: { active: row.active, silentForWeek: row.silent },
    archiveFailures: row.archive_failures,
  };
}

function waitingSince(column: string): string {
  return `count(*)::int as count, coalesce(extract(epoch from clock_timestamp() - min(${column})), 0)::float8 as oldest`;
}

export interface QueueDepth {
  readonly queue: string;
  readonly state: "created" | "retry" | "active";
  readonly count: number;
}

/** Jobs that were not done yet. */
export async function readQueueDepths(pool: Pool): Promise<QueueDepth[]> {
  const { rows } = await pool.query<QueueDepth>(
    `select name as queue, state::text as state, count(*)::int as count from pgboss.job
     where state in ('created', 'retry', 'active') group by 1, 2 order by 1, 2`,
  );
  return rows;
}
