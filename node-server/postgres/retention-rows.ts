/** How long things are kept, what holds them, and their end. */
import type { Pool } from "pg";
import { retentionNames, retentionSubjects } from "../retention/policy.ts";
import type { RetentionName } from "../retention/policy.ts";
import { operatorChange } from "./operator-change.ts";
import { inTransaction } from "./transaction.ts";

export interface RetentionRule {
  readonly subject: RetentionName;
  readonly days: number;
  /** Null while it is the default. */
  readonly setBy: string | null;
  readonly isHeld: boolean;
}

export async function readRetention(pool: Pool): Promise<RetentionRule[]> {
  const { rows: rules } = await pool.query<{ subject: string; days: number; set_by: string }>(
    "select subject, days, set_by from retention_rules",
  );
  const { rows: holds } = await pool.query<{ subject: string | null }>(
    "select subject from legal_holds where released_at is null",
  );
  return retentionNames.map((subject) => {
    const rule = rules.find((other) => other.subject === subject);
    return {
      subject,
      days: rule?.days ?? retentionSubjects[subject].days,
      setBy: rule?.set_by ?? null,
      isHeld: holds.some((hold) => hold.subject === null || hold.subject === subject),
    };
  });
}

export async function setRetention(
  pool: Pool,
  { subject, days, by }: { readonly subject: RetentionName; readonly days: number; readonly by: string },
): Promise<void> {
  const look = [
    "select jsonb_build_object('days', days, 'by', set_by) as seen from retention_rules where subject = $1",
    subject,
  ] as const;
  await operatorChange(pool, { action: "retention.set", subject: `retention:${subject}`, look }, (client) =>
    client.query(
      `insert into retention_rules (subject, days, set_by) values ($1, $2, $3)
       on conflict (subject) do update set days = $2, set_by = $3, set_at = clock_timestamp()`,
      [subject, days, by],
    ),
  );
}

export interface LegalHold {
  readonly id: bigint;
  readonly subject: string | null;
  readonly because: string;
  readonly placedBy: string;
  readonly placedAt: Date;
  readonly releasedBy: string | null;
  readonly releasedAt: Date | null;
}

export async function listHolds(pool: Pool): Promise<LegalHold[]> {
  const { rows } = await pool.query<LegalHold>(
    `select id, subject, because, placed_by as "placedBy", placed_at as "placedAt", released_by as "releasedBy",
       released_at as "releasedAt" from legal_holds order by id`,
  );
  return rows;
}

export async function placeHold(
  pool: Pool,
  hold: { readonly subject: RetentionName | null; readonly because: string; readonly by: string },
): Promise<bigint> {
  const { rows } = await pool.query<{ id: bigint }>(
    `with placed as (insert into legal_holds (subject, because, placed_by) values ($1, $2, $3) returning id),
     told as (
       insert into audit_entries (actor, action, subject, after)
       select 'operator:' || $3, 'legal-hold.place', 'legal-hold:' || id, jsonb_build_object('subject', $1::text, 'because', $2::text)
       from placed)
     select id from placed`,
    [hold.subject, hold.because, hold.by],
  );
  return rows[0]?.id ?? 0n;
}

/** By somebody else than placed it. */
export async function releaseHold(
  pool: Pool,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<"released" | "same-person" | "no-hold"> {
  const { rows } = await pool.query<{ placed_by: string }>(
    "select placed_by from legal_holds where id = $1 and released_at is null",
    [id],
  );
  if (!rows[0]) return "no-hold";
  if (rows[0].placed_by === by) return "same-person";
  const { rowCount } = await pool.query(
    `with released as (
       update legal_holds set released_by = $2, released_at = clock_timestamp()
       where id = $1 and released_at is null and placed_by <> $2 returning id)
     insert into audit_entries (actor, action, subject)
     select 'operator:' || $2, 'legal-hold.release', 'legal-hold:' || id from released`,
    [id, by],
  );
  return rowCount === 1 ? "released" : "no-hold";
}

/**
 * Ends what is older, at most `limit` of it, and tells so in the audit trail; gives how much it was. A hold that is placed
 * meanwhile is waited for: what it came before stays.
 */
export function purge(pool: Pool, subject: RetentionName, limit: number): Promise<number> {
  return inTransaction(pool, "begin isolation level read committed", async (client) => {
    await client.query("lock table legal_holds in share mode");
    const { rows } = await client.query<{ days: number; held: boolean }>(
      `select coalesce((select days from retention_rules where subject = $1), $2) as days,
         exists (select from legal_holds where released_at is null and (subject is null or subject = $1)) as held`,
      [subject, retentionSubjects[subject].days],
    );
    const [rule] = rows;
    if (!rule || rule.held) return 0;
    const { rowCount } = await client.query(statements[subject], [rule.days, limit]);
    const count = rowCount ?? 0;
    if (count > 0)
      await client.query(
        `insert into audit_entries (actor, action, subject, after)
         values ('retention', 'retention.purge', 'retention:' || $1, jsonb_build_object('count', $2::int, 'days', $3::int))`,
        [subject, count, rule.days],
      );
    return count;
  });
}

const before = "clock_timestamp() - make_interval(days => $1)";

/** $1 days, $2 rows. What is locked by somebody's work is left for the next time. */
const statements: Readonly<Record<RetentionName, string>> = {
  "operation-secrets": `
    update operations set sealed = null where (node_id, hash) in (
      select node_id, hash from operations o
      where sealed is not null and state in ('applied', 'rejected', 'writtenOff') and decided_at < ${before}
        and not exists (select from disputes d where d.node_id = o.node_id and d.hash = o.hash and d.decided_at is null)
      order by decided_at limit $2 for update skip locked)`,
  callbacks: deleteOldest("callbacks", "state = 'delivered'", "delivered_at"),
  "lost-callbacks": deleteOldest("callbacks", "state = 'undeliverable'", "requested_at"),
  notifications: deleteOldest("notifications", "state <> 'waiting'", "created_at"),
  "wrong-numbers": deleteOldest("wrong_numbers", "true", "at"),
  alerts: deleteOldest("alerts", "ended_at is not null", "ended_at"),
  sessions: deleteOldest("node_sessions", "true", "expires_at", "token_hash"),
  "enrolment-codes": deleteOldest("enrolment_codes", "true", "expires_at", "code_hash"),
};

function deleteOldest(table: string, condition: string, at: string, key = "id"): string {
  return `
    delete from ${table} where ${key} in (
      select ${key} from ${table} where ${condition} and ${at} < ${before} order by ${at} limit $2 for update skip locked)`;
}
