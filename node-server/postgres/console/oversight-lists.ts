/** Cases, alerts and entries of the audit trail as the console lists them. */
import type { Alert } from "../alert-admin.ts";
import type { FoundEntry } from "../audit-search.ts";
import { casesQuery } from "../case-rows.ts";
import type { Case } from "../case-rows.ts";
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

export const caseList: ListSource<Case> = {
  query: casesQuery,
  key: { column: "id", type: "bigint" },
  sorts: {
    deadline: { column: "deadline", type: "timestamptz" },
    opened: { column: "openedAt", type: "timestamptz" },
  },
  descending: false,
  filters: {
    which: (text) =>
      `case ${text} when 'undecided' then r."endedAt" is null when 'overdue' then r."isOverdue" else false end`,
    state: is("state"),
    kind: is("kind"),
    owner: is("owner"),
    subject: (text) => `starts_with(r.subject, ${text})`,
  },
};

export const alertList: ListSource<Alert> = {
  query: `select id, at, kind, subject, detail, ended_at as "endedAt" from alerts`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    open: (text) => `${text} = 'yes' and r."endedAt" is null`,
    kind: (text) => `starts_with(r.kind, ${text})`,
  },
};

/** Days are UTC, and `until` is included. */
export const auditList: ListSource<FoundEntry> = {
  query: `select id, at, actor, action, subject, before::text as before, after::text as after, origin,
      coalesce(after ->> 'because', after ->> 'reason') as reason
    from audit_entries`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    from: (text) => `r.at >= ${text}::date::timestamp at time zone 'UTC'`,
    until: (text) => `r.at < (${text}::date + 1)::timestamp at time zone 'UTC'`,
    actor: is("actor"),
    component: (text) => `split_part(r.action, '.', 1) = ${text}`,
    action: (text) => `starts_with(r.action, ${text})`,
    subject: (text) => `starts_with(r.subject, ${text})`,
  },
};
