/** Callbacks, batches of payments and payees as the console lists them. */
import type { CallbackSummary } from "../callback-admin.ts";
import type { ListedBatch } from "../disbursement-admin.ts";
import type { ListSource } from "./page-of.ts";

export const callbackList: ListSource<CallbackSummary> = {
  query: `
    select id, institution_id as "institutionId", kind, url, state, tries, requested_at as "requestedAt",
      last_tried_at as "lastTriedAt", last_error as "lastError" from callbacks`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    state: (text) => `r.state = ${text}`,
    institution: (text) => `r."institutionId" = ${text}`,
    kind: (text) => `r.kind = ${text}`,
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
    state: (text) => `r.state = ${text}`,
    institution: (text) => `r."institutionId" = ${text}`,
  },
};

export interface ListedPayee {
  readonly id: bigint;
  readonly payeeIdentity: string;
  readonly institutionId: string;
  readonly programId: string | null;
  readonly area: string | null;
  readonly state: string;
  readonly addresses: bigint;
  readonly changedAt: Date;
}

export const payeeList: ListSource<ListedPayee> = {
  query: `
    select p.id, p.payee_identity as "payeeIdentity", p.institution_id as "institutionId", p.program_id as "programId",
      p.area, p.state, p.changed_at as "changedAt",
      (select count(*) from payee_addresses a where a.payee = p.id and a.active) as addresses
    from payees p`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    // Whole only: whoever knows an identity may ask after it, and nobody goes through beginnings of them.
    identity: (text) => `r."payeeIdentity" = ${text}`,
    institution: (text) => `r."institutionId" = ${text}`,
    programme: (text) => `r."programId" = ${text}`,
    area: (text) => `r.area = ${text}`,
    state: (text) => `r.state = ${text}`,
  },
};
