/** Callbacks and batches of payments as the console lists them. */
import type { CallbackSummary } from "../callback-admin.ts";
import type { ListedBatch } from "../disbursement-admin.ts";
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

export const callbackList: ListSource<CallbackSummary> = {
  query: `
    select id, institution_id as "institutionId", kind, url, state, tries, requested_at as "requestedAt",
      last_tried_at as "lastTriedAt", last_error as "lastError" from callbacks`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    number: (text) => `r.id = case when ${text} ~ '^[0-9]{1,18}$' then ${text}::bigint end`,
    state: is("state"),
    institution: is("institutionId"),
    kind: is("kind"),
  },
};

export interface ConsoleBatch extends ListedBatch {
  readonly id: bigint;
  readonly submittedBy: string;
  readonly approvedBy: string | null;
}

export const batchList: ListSource<ConsoleBatch> = {
  query: `
    select b.id, b.batch_id as "batchId", b.institution_id as "institutionId", b.state, b.state_reason as "stateReason",
      b.currency, b.total_minor as "totalMinor", b.total_count as total, b.created_at as "createdAt",
      b.submitted_by as "submittedBy", b.approved_by as "approvedBy",
      (select count(*)::int from credit_instructions i where i.batch = b.id and i.state = 'paid') as paid,
      (select count(*)::int from credit_instructions i where i.batch = b.id and i.state = 'failed') as failed
    from disbursement_batches b`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    search: (text) => `r."batchId" ilike '%' || ${text} || '%'`,
    state: is("state"),
    institution: is("institutionId"),
  },
};
