/** What an institution may do beyond the ordinary: proposed by one person, approved by another, both audited. */
import type { Pool } from "pg";
import type { Permission } from "../ports/store.ts";

export const permissions: readonly Permission[] = ["override"];

interface Grant {
  readonly institutionId: string;
  readonly permission: Permission;
  /** Who proposes or approves. */
  readonly by: string;
}

/** Returns false when it is proposed or granted already. Throws for an institution that is not registered. */
export async function proposePermission(pool: Pool, grant: Grant): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with proposed as (
       insert into institution_permissions (institution_id, permission, proposed_by) values ($1, $2, $3)
       on conflict do nothing returning institution_id
     )
     insert into audit_entries (actor, action, subject, after)
     select 'operator:' || $3, 'permission.propose', 'institution:' || institution_id,
       jsonb_build_object('permission', $2::text) from proposed`,
    [grant.institutionId, grant.permission, grant.by],
  );
  return rowCount === 1;
}

export type Approval = "approved" | "same-person" | "not-proposed";

export async function approvePermission(pool: Pool, grant: Grant): Promise<Approval> {
  const { rows } = await pool.query<{ proposed_by: string }>(
    `select proposed_by from institution_permissions
     where institution_id = $1 and permission = $2 and approved_by is null`,
    [grant.institutionId, grant.permission],
  );
  if (rows[0] === undefined) return "not-proposed";
  if (rows[0].proposed_by === grant.by) return "same-person";
  const { rowCount } = await pool.query(
    `with approved as (
       update institution_permissions set approved_by = $3, approved_at = clock_timestamp()
       where institution_id = $1 and permission = $2 and approved_by is null returning institution_id
     )
     insert into audit_entries (actor, action, subject, after)
     select 'operator:' || $3, 'permission.approve', 'institution:' || institution_id,
       jsonb_build_object('permission', $2::text) from approved`,
    [grant.institutionId, grant.permission, grant.by],
  );
  return rowCount === 1 ? "approved" : "not-proposed";
}

/** Takes a permission, or the proposal of one, away at once. Returns false when there is none. */
export async function withdrawPermission(pool: Pool, grant: Grant): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with withdrawn as (
       delete from institution_permissions where institution_id = $1 and permission = $2 returning institution_id
     )
     insert into audit_entries (actor, action, subject, before)
     select 'operator:' || $3, 'permission.withdraw', 'institution:' || institution_id,
       jsonb_build_object('permission', $2::text) from withdrawn`,
    [grant.institutionId, grant.permission, grant.by],
  );
  return rowCount === 1;
}

/** Whether the institution is registered at all. */
export async function isRegistered(pool: Pool, institutionId: string): Promise<boolean> {
  const { rowCount } = await pool.query(`select from institutions where id = $1`, [institutionId]);
  return rowCount === 1;
}
