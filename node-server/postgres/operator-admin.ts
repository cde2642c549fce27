/** Operators as the command line makes, resets, disables and lists them. */
import type { Pool } from "pg";
import type { Grant } from "../operators/rights.ts";

export interface Invitation {
  readonly name: string;
  /** Of the one-time password. */
  readonly passwordHash: string;
  /** Sealed. */
  readonly totpSecret: Uint8Array;
  readonly hours: number;
  readonly by: string;
}

/** False when the name is taken: a name is never given to another person. */
export async function addOperator(pool: Pool, invitation: Invitation, grant: Grant): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with made as (
       insert into operators (name, roles, party_id, source, password_hash, totp_secret, invited_until)
       values ($1, $2, $3, 'local', $4, $5, clock_timestamp() + make_interval(hours => $6))
       on conflict do nothing returning *
     )
     insert into audit_entries (actor, action, subject, after)
     select 'operator:' || $7::text, 'operator.add', 'operator:' || name,
       jsonb_build_object('roles', roles, 'party', party_id) from made`,
    [
      invitation.name,
      grant.roles,
      grant.party?.id ?? null,
      invitation.passwordHash,
      invitation.totpSecret,
      invitation.hours,
      invitation.by,
    ],
  );
  return rowCount === 1;
}

/** Invites a local operator anew: the password and the authenticator app are forgotten, sessions end. False when there is none. */
export async function resetOperator(pool: Pool, invitation: Invitation): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with reset as (
       update operators set password_hash = $2, totp_secret = $3, totp_step = 0, failures = 0, locked_until = null,
         disabled_at = null, invited_until = clock_timestamp() + make_interval(hours => $4)
       where lower(name) = lower($1) and source = 'local' returning id, name
     ), ended as (
       delete from operator_sessions using reset where operator_id = reset.id
     )
     insert into audit_entries (actor, action, subject)
     select 'operator:' || $5::text, 'operator.reset', 'operator:' || name from reset`,
    [invitation.name, invitation.passwordHash, invitation.totpSecret, invitation.hours, invitation.by],
  );
  return rowCount === 1;
}

/** Sessions end at once. False when there is no such operator, or it is disabled. */
export async function disableOperator(pool: Pool, name: string, by: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with disabled as (
       update operators set disabled_at = clock_timestamp() where lower(name) = lower($1) and disabled_at is null
       returning id, name
     ), ended as (
       delete from operator_sessions using disabled where operator_id = disabled.id
     )
     insert into audit_entries (actor, action, subject)
     select 'operator:' || $2::text, 'operator.disable', 'operator:' || name from disabled`,
    [name, by],
  );
  return rowCount === 1;
}

export interface OperatorSummary {
  readonly name: string;
  readonly roles: readonly string[];
  readonly party: string | null;
  readonly source: string;
  readonly state: string;
  readonly lastSignInAt: Date | null;
}

export async function listOperators(pool: Pool): Promise<OperatorSummary[]> {
  const { rows } = await pool.query<OperatorSummary>(`${operatorsQuery} order by lower(name)`);
  return rows;
}

export const operatorsQuery = `
  select name, roles, party_id as party, source,
    case when disabled_at is not null then 'disabled'
      when invited_until is not null then 'invited'
      when locked_until > clock_timestamp() then 'locked' else 'active' end as state,
    (select max(at) from audit_entries where subject = 'operator:' || name and action = 'operator.sign-in')
      as "lastSignInAt"
  from operators`;
