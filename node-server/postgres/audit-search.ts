/** Entries of the audit trail by what they tell. */
import type { Pool } from "pg";

export interface AuditSearch {
  readonly from: Date | null;
  /** Not included. */
  readonly until: Date | null;
  readonly actor: string | null;
  /** How the action begins. */
  readonly action: string | null;
  /** How the subject begins. */
  readonly subject: string | null;
  /** How the origin begins. */
  readonly origin: string | null;
  readonly limit: number;
}

export interface FoundEntry {
  readonly id: bigint;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: string | null;
  readonly after: string | null;
  /** From where it was asked for: a network address, or `cli:USER@MACHINE`. */
  readonly origin: string | null;
  /** Why, where whoever did it has said so. */
  readonly reason: string | null;
}

/** The newest first. */
export async function searchAudit(pool: Pool, search: AuditSearch): Promise<FoundEntry[]> {
  const { from, until, actor, action, subject, origin, limit } = search;
  const { rows } = await pool.query<FoundEntry>(
    `select id, at, actor, action, subject, before::text as before, after::text as after, origin,
       coalesce(after ->> 'because', after ->> 'reason') as reason
     from audit_entries
     where ($1::timestamptz is null or at >= $1) and ($2::timestamptz is null or at < $2)
       and ($3::text is null or actor = $3)
       and ($4::text is null or starts_with(action, $4)) and ($5::text is null or starts_with(subject, $5))
       and ($6::text is null or starts_with(origin, $6))
     order by id desc limit $7`,
    [from, until, actor, action, subject, origin, limit],
  );
  return rows;
}
