/** The audit trail, written in the transaction of what it tells; the database refuses to change or delete it. */
import type { AuditRows } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function auditRows(trx: Trx): AuditRows {
  return {
    async record({ actor, action, subject, before, after }) {
      await trx
        .insertInto("audit_entries")
        .values({ actor, action, subject, before: json(before), after: json(after) })
        .execute();
    },
  };
}

function json(value: Readonly<Record<string, unknown>> | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
