/** Payees as the console lists them, and who wants to see what is sealed of them. */
import type { Pool } from "pg";
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

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
    identity: is("payeeIdentity"),
    institution: is("institutionId"),
    programme: is("programId"),
    area: is("area"),
    state: is("state"),
  },
};

export async function payeeById(
  pool: Pool,
  id: bigint,
): Promise<Pick<ListedPayee, "institutionId" | "payeeIdentity"> | undefined> {
  const { rows } = await pool.query<Pick<ListedPayee, "institutionId" | "payeeIdentity">>(
    `select institution_id as "institutionId", payee_identity as "payeeIdentity" from payees where id = $1`,
    [id],
  );
  return rows[0];
}

export interface ListedDisclosure {
  readonly id: bigint;
  readonly institutionId: string;
  readonly payeeIdentity: string;
  readonly because: string;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly state: "waiting" | "released" | "withdrawn" | "over";
  readonly endedBy: string | null;
}

export const disclosureList: ListSource<ListedDisclosure> = {
  query: `
    select d.id, p.institution_id as "institutionId", p.payee_identity as "payeeIdentity", d.because,
      d.proposed_by as "proposedBy", d.proposed_at as "proposedAt", d.ended_by as "endedBy",
      case when d.outcome = 'released' and d.ended_at < clock_timestamp() - interval '1 day' then 'over'
        else coalesce(d.outcome, 'waiting') end as state
    from disclosures d join payees p on p.id = d.payee`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    state: is("state"),
    by: is("proposedBy"),
  },
};
