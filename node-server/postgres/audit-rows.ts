/** The audit trail, written in the transaction of what it tells; the database refuses to change or delete it. */
import { sql } from "kysely";
import type { AuditRows } from "../ports/store.ts";
import { currentOrigin } from "../origin.ts";
import { headQuery } from "./audit-chain.ts";
import type { HeadRow } from "./audit-chain.ts";
import type { Trx } from "./rows.ts";

export function auditRows(trx: Trx): AuditRows {
  const record: AuditRows["record"] = async ({ actor, action, subject, before, after }) => {
    await trx
      .insertInto("audit_entries")
      .values({ actor, action, subject, before: json(before), after: json(after), ...origin() })
      .execute();
  };
  return {
    record,
    async recordAll(entries) {
      const [only] = entries;
      // Cheaper for the database to plan, and single look-ups are many.
      if (only && entries.length === 1) return record(only);
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
    },
    async head() {
      const { rows } = await sql.raw<HeadRow>(headQuery).execute(trx);
      const [row] = rows;
      return row ? { position: Number(row.position), hash: new Uint8Array(row.hash) } : null;
    },
  };
}

/** Where no request is answered, the connection's own word counts. */
function origin(): { readonly origin?: string } {
  const address = currentOrigin();
  return address === null ? {} : { origin: address };
}

function json(value: Readonly<Record<string, unknown>> | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
