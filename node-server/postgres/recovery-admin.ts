/** What operators do about a restored database: begin its recovery, look at it, and end it by the word of two people. */
import type { Pool, PoolClient } from "pg";
import type { SeenDatabase } from "../recovery/generation-file.ts";
import { readHead } from "./audit-chain.ts";

export interface RestoreWish {
  /** Above every generation that this installation has seen. */
  readonly generation: number;
  readonly by: string;
  readonly graceHours: number;
  /** Outside of the database: how far its numbers had come before it was restored. */
  readonly numbersSeen: readonly bigint[];
}

/** The longest lease that the server grants by itself, in days. */
const longestLeaseDays = 14;
/**
 * Numbers by which others may know something that was made between the backup and the restore, and is forgotten: they are never
 * given out again, also where the same backup is restored twice. A biller takes the id of a payment for the payment.
 */
const numbersPassedOver = 1_000_000;
const numbersKnownToOthers = [
  "voucher_serials",
  "bill_payments_id_seq",
  "bill_inquiries_id_seq",
  "requests_to_pay_id_seq",
];

/** What this database knows of itself. */
export async function readIdentity(pool: Pick<PoolClient, "query">): Promise<SeenDatabase> {
  const { rows } = await pool.query<{ generation: number; last_audit: bigint; numbers: bigint[] }>(
    `select generation, (select coalesce(max(id), 0) from audit_entries) as last_audit,
       (select array_agg(coalesce(pg_sequence_last_value(name::regclass), 0) order by place)
        from unnest($1::text[]) with ordinality as known (name, place)) as numbers
     from server_identity`,
    [numbersKnownToOthers],
  );
  const [row] = rows;
  if (!row) throw new Error("server_identity is empty");
  const { generation, last_audit: lastAudit, numbers } = row;
  return { generation, lastAudit, head: await readHead(pool), numbers };
}

/** An entry in the audit trail for each start of a server. */
export async function recordStart(pool: Pool): Promise<void> {
  await pool.query(
    `insert into audit_entries (actor, action, subject)
     select 'server', 'server.start', 'generation:' || generation from server_identity`,
  );
}

/** Raises the generation and begins the recovery, in one transaction. An unfinished earlier one goes on as this one. */
export async function beginRecovery(
  pool: Pool,
  { generation, by, graceHours, numbersSeen }: RestoreWish,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("update server_identity set generation = $1", [generation]);
    await client.query(
      `update recoveries set ended_at = clock_timestamp(), ended_how = 'time-passed' where ended_at is null`,
    );
    await client.query(
      `insert into recoveries (generation, begun_by, until)
       select $1, $2, make_interval(hours => $3) + greatest(clock_timestamp() + make_interval(days => $4),
         (select max(not_after) from leases where closed_at is null))`,
      [generation, by, graceHours, longestLeaseDays],
    );
    await client.query(
      `insert into recovery_nodes (generation, node_id) select $1, id from nodes where status <> 'revoked'`,
      [generation],
    );
    for (const [index, sequence] of numbersKnownToOthers.entries())
      await client.query(
        "select setval($1::text::regclass, greatest(nextval($1::text::regclass), $2::bigint) + $3)",
        [sequence, numbersSeen[index] ?? 0n, numbersPassedOver],
      );
    await client.query(
      `insert into audit_entries (actor, action, subject, after)
       values ('operator:' || $2, 'recovery.begin', 'generation:' || $1, jsonb_build_object('generation', $1::int))`,
      [generation, by],
    );
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

export interface RecoverySummary {
  readonly generation: number;
  readonly begunAt: Date;
  readonly begunBy: string;
  readonly until: Date;
  readonly proposedBy: string | null;
  readonly endedAt: Date | null;
  readonly endedHow: string | null;
  readonly endedBy: string | null;
  /** Nodes that have not uploaded since. */
  readonly awaited: readonly AwaitedNode[];
  /** Operations that wait for the end of the recovery. */
  readonly held: bigint;
}

export interface AwaitedNode {
  readonly id: string;
  readonly name: string;
  readonly merchantId: string;
  readonly lastContactAt: Date | null;
}

/** The one that is under way, or the last one. */
export async function readRecovery(pool: Pool): Promise<RecoverySummary | undefined> {
  const { rows } = await pool.query<Omit<RecoverySummary, "awaited">>(
    `select generation, begun_at as "begunAt", begun_by as "begunBy", until, proposed_by as "proposedBy",
       ended_at as "endedAt", ended_how as "endedHow", ended_by as "endedBy",
       (select count(*) from operations where state = 'held' and reason = 'recovery') as held
     from recoveries order by generation desc limit 1`,
  );
  const [row] = rows;
  if (!row) return undefined;
  const awaited = await pool.query<AwaitedNode>(
    `select id, name, merchant_id as "merchantId", last_contact_at as "lastContactAt"
     from recovery_nodes join nodes on id = node_id
     where generation = $1 and uploaded_at is null and status <> 'revoked' order by name, id`,
    [row.generation],
  );
  return { ...row, awaited: awaited.rows };
}

export type Override = "proposed" | "ended" | "same-person" | "no-recovery";

/** The first to ask proposes, somebody else ends. */
export async function overrideRecovery(pool: Pool, by: string): Promise<Override> {
  const { rows } = await pool.query<{ proposed_by: string | null }>(
    "select proposed_by from recoveries where ended_at is null",
  );
  if (rows[0] === undefined) return "no-recovery";
  const proposedBy = rows[0].proposed_by;
  if (proposedBy === by) return "same-person";
  const change =
    proposedBy === null
      ? "update recoveries set proposed_by = $1 where ended_at is null and proposed_by is null"
      : `update recoveries set ended_at = clock_timestamp(), ended_how = 'overridden', ended_by = $1
         where ended_at is null and proposed_by is not null and proposed_by <> $1`;
  const action = proposedBy === null ? "recovery.propose-end" : "recovery.override";
  const { rowCount } = await pool.query(
    `with changed as (${change} returning generation)
     insert into audit_entries (actor, action, subject) select 'operator:' || $1, $2, 'generation:' || generation from changed`,
    [by, action],
  );
  if (rowCount !== 1) return "no-recovery";
  return proposedBy === null ? "proposed" : "ended";
}
