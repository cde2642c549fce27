/** Everything that one person proposed and that waits for another, in one list. */
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

export type ApprovalKind =
  | "permission"
  | "signatory"
  | "onboarding"
  | "held"
  | "dispute"
  | "recovery"
  | "disclosure"
  | "batch";

export interface ListedApproval {
  /** Of its kind: what the decision names. */
  readonly reference: string;
  readonly kind: ApprovalKind;
  readonly subject: string;
  readonly detail: string;
  readonly because: string | null;
  readonly proposedBy: string;
  readonly proposedAt: Date;
}

export const approvalList: ListSource<ListedApproval> = {
  query: `
    select 'permission ' || institution_id || ' ' || permission as reference, 'permission' as kind,
      institution_id as subject, permission as detail, null as because, proposed_by as "proposedBy",
      proposed_at as "proposedAt"
    from institution_permissions where approved_by is null
    union all
    select 'signatory ' || institution_id || ' ' || name, 'signatory', institution_id,
      name || ', key ' || encode(public_key, 'base64'), null, proposed_by, proposed_at
    from batch_signatories where approved_by is null
    union all
    select 'onboarding ' || id, 'onboarding', kind || ' ' || subject, change::text, null, proposed_by, proposed_at
    from onboarding_proposals where outcome is null
    union all
    select 'held ' || h.node_id || ' ' || encode(h.hash, 'hex'), 'held', n.name || ', ' || o.sequence,
      h.verdict || ' (' || o.type || ', ' || o.reason || ')', h.because, h.proposed_by, h.proposed_at
    from held_decisions h join operations o on o.node_id = h.node_id and o.hash = h.hash and o.state = 'held'
      join nodes n on n.id = h.node_id
    where h.withdrawn_at is null and h.decided_at is null
    union all
    select 'dispute ' || node_id || ' ' || encode(hash, 'hex'), 'dispute', merchant_id,
      verdict || ' (' || lpad(voucher_serial::text, 10, '0') || ')', because, proposed_by, opened_at
    from disputes where state in ('proposed', 'appealProposed')
    union all
    select 'recovery ' || generation, 'recovery', 'generation ' || generation, 'end before its time', null,
      proposed_by, begun_at
    from recoveries where ended_at is null and proposed_by is not null
    union all
    select 'disclosure ' || d.id, 'disclosure', p.institution_id, 'payee ' || d.payee, d.because, d.proposed_by, d.proposed_at
    from disclosures d join payees p on p.id = d.payee where d.outcome is null
    union all
    select 'batch ' || batch_id, 'batch', institution_id, batch_id || ', ' || total_count, null, submitted_by, created_at
    from disbursement_batches where state = 'received'`,
  key: { column: "reference", type: "text" },
  sorts: { proposed: { column: "proposedAt", type: "timestamptz" } },
  descending: false,
  filters: {
    kind: is("kind"),
    by: is("proposedBy"),
  },
};
