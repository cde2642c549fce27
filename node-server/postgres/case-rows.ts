/** Cases and their history. What is done, its line of history and its audit entry are one transaction. */
import type { Pool, PoolClient } from "pg";
import { deadlineOf, decideCase } from "../cases/decide.ts";
import type {
  CaseAct,
  CaseActName,
  CaseChannel,
  CaseFacts,
  CaseKind,
  CaseRefusal,
  CaseState,
  CaseSubjectKind,
} from "../cases/decide.ts";
import { inTransaction } from "./transaction.ts";

export interface NewCase {
  readonly kind: CaseKind;
  readonly channel: CaseChannel;
  readonly subject: { readonly kind: CaseSubjectKind; readonly id: string } | null;
  /** What is asked or complained of. Not in the audit trail, which is kept longer. */
  readonly asked: string;
  /** Null: as the kind has it. */
  readonly deadline: Date | null;
  readonly by: string;
}

export interface Case extends CaseFacts {
  readonly id: bigint;
  readonly channel: CaseChannel;
  readonly subjectKind: CaseSubjectKind | null;
  readonly subject: string | null;
  readonly asked: string;
  readonly openedBy: string;
  readonly openedAt: Date;
  readonly endedAt: Date | null;
  /** Its deadline is over, and nobody has decided it. */
  readonly isOverdue: boolean;
}

export interface CaseLine {
  readonly id: bigint;
  readonly at: Date;
  readonly by: string;
  readonly act: CaseActName | "open";
  readonly state: CaseState;
  readonly owner: string | null;
  readonly deadline: Date;
  readonly text: string | null;
}

export type CaseOutcome =
  | { readonly ok: true; readonly now: CaseFacts }
  | { readonly ok: false; readonly refusal: CaseRefusal | "no-such-case" };

export const casesQuery = `
  select id, kind, channel, subject_kind as "subjectKind", subject, asked, state, owner, deadline, opened_by as "openedBy",
    opened_at as "openedAt", ended_at as "endedAt",
    ended_at is null and deadline < clock_timestamp() as "isOverdue"
  from cases`;

const begin = "begin isolation level read committed";

export function openCase(pool: Pool, opened: NewCase): Promise<bigint> {
  const { kind, channel, subject, asked, by } = opened;
  const facts: CaseFacts = {
    kind,
    state: "open",
    owner: null,
    deadline: opened.deadline ?? deadlineOf(kind, new Date()),
  };
  return inTransaction(pool, begin, async (client) => {
    const { rows } = await client.query<{ readonly id: bigint }>(
      `insert into cases (kind, channel, subject_kind, subject, asked, state, deadline, opened_by)
       values ($1, $2, $3, $4, $5, 'open', $6, $7) returning id`,
      [kind, channel, subject?.kind ?? null, subject?.id ?? null, asked, facts.deadline, by],
    );
    const [row] = rows;
    if (!row) throw new Error("a case was not stored");
    await tell(client, row.id, { act: "open", by, text: null }, undefined, facts);
    return row.id;
  });
}

export function actOnCase(pool: Pool, id: bigint, asked: CaseAct): Promise<CaseOutcome> {
  return inTransaction(pool, begin, async (client): Promise<CaseOutcome> => {
    const { rows } = await client.query<CaseFacts>(
      "select kind, state, owner, deadline from cases where id = $1 for update",
      [id],
    );
    const [before] = rows;
    if (!before) return { ok: false, refusal: "no-such-case" };
    const now = new Date();
    const decision = decideCase(before, asked, now);
    if (!decision.ok) return decision;
    const { next } = decision;
    await client.query(
      `update cases set state = $2, owner = $3, deadline = $4,
         ended_at = case when $2 in ('resolved', 'rejected') then coalesce(ended_at, clock_timestamp()) end where id = $1`,
      [id, next.state, next.owner, next.deadline],
    );
    await tell(client, id, asked, before, next);
    return { ok: true, now: next };
  });
}

export async function readCase(
  pool: Pool,
  id: bigint,
): Promise<{ readonly case: Case; readonly history: readonly CaseLine[] } | undefined> {
  const { rows } = await pool.query<Case>(`${casesQuery} where id = $1`, [id]);
  const [found] = rows;
  if (!found) return undefined;
  const history = await pool.query<CaseLine>(
    `select id, at, by_name as by, act, state, owner, deadline, text from case_history where case_id = $1 order by id limit 1000`,
    [id],
  );
  return { case: found, history: history.rows };
}

/** What should be decided first comes first; a thousand at most. */
export async function listCases(
  pool: Pool,
  { all, overdue }: { readonly all: boolean; readonly overdue: boolean },
): Promise<Case[]> {
  const { rows } = await pool.query<Case>(
    `select * from (${casesQuery}) c where ($1 or "endedAt" is null) and (not $2 or "isOverdue") order by deadline, id limit 1000`,
    [all, overdue],
  );
  return rows;
}

async function tell(
  client: PoolClient,
  id: bigint,
  asked: { readonly act: CaseActName | "open"; readonly by: string; readonly text: string | null },
  before: CaseFacts | undefined,
  after: CaseFacts,
): Promise<void> {
  await client.query(
    "insert into case_history (case_id, by_name, act, state, owner, deadline, text) values ($1, $2, $3, $4, $5, $6, $7)",
    [id, asked.by, asked.act, after.state, after.owner, after.deadline, asked.text],
  );
  await client.query(
    "insert into audit_entries (actor, action, subject, before, after) values ($1, $2, $3, $4, $5)",
    [
      `operator:${asked.by}`,
      `case.${asked.act}`,
      `case:${id}`,
      before === undefined ? null : JSON.stringify(before),
      JSON.stringify(after),
    ],
  );
}
