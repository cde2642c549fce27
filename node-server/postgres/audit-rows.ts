/** The audit trail, written in the transaction of what it tells; the database refuses to change or delete it. */
import { sql } from "kysely";
import type { AuditEntry, AuditRows } from "../ports/store.ts";
import { currentOrigin } from "../origin.ts";
import { headQuery } from "./audit-chain.ts";
import type { HeadRow } from "./audit-chain.ts";
import type { Trx } from "./rows.ts";

export function auditRows(trx: Trx): AuditRows {
  return {
    record: (entry) => recordAll(trx, [entry]),
    recordAll: (entries) => recordAll(trx, entries),
    async head() {
      const { rows } = await sql.raw<HeadRow>(headQuery).execute(trx);
      const [row] = rows;
      return row ? { position: Number(row.position), hash: new Uint8Array(row.hash) } : null;
    },
  };
}

/** Where no request is answered, the connection's own word of its origin counts. */
async function recordAll(trx: Trx, entries: readonly AuditEntry[]): Promise<void> {
  await sql`
    insert into audit_entries (actor, action, subject, before, after, origin)
        select actor, action, subject, before, after,
          coalesce(${currentOrigin()}, nullif(current_setting('paypost.origin', true), '')) from unnest(
          ${entries.map(({ actor }) => actor)}::text[],
          ${entries.map(({ action }) => action)}::text[],
          ${entries.map(({ subject }) => subject)}::text[],
          ${entries.map(({ before }) => json(before))}::jsonb[],
          ${entries.map(({ after }) => json(after))}::jsonb[]) with ordinality
            as e (actor, action, subject, before, after, place)
        order by place`.execute(trx);
}

function json(value: Readonly<Record<string, unknown>> | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
