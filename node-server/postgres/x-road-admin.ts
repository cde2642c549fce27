/** Which clients of X-Road are let in, as which institution and with which scopes; each change is in the audit trail. */
import type { Pool } from "pg";

export interface XRoadClient {
  readonly client: string;
  readonly institutionId: string;
  readonly scopes: readonly string[];
}

/** A client is of one institution; its scopes may change. */
export async function putXRoadClient(
  pool: Pool,
  { client, institutionId, scopes }: XRoadClient,
  by: string,
): Promise<"done" | "no-institution" | "of-another"> {
  const known = await pool.query("select from institutions where id = $1", [institutionId]);
  if (known.rowCount === 0) return "no-institution";
  const { rowCount } = await pool.query(
    `with put as (
       insert into x_road_clients (client, institution_id, scopes) values ($1, $2, $3)
       on conflict (client) do update set scopes = excluded.scopes
         where x_road_clients.institution_id = excluded.institution_id
       returning client, institution_id, scopes
     )
     insert into audit_entries (actor, action, subject, after)
     select 'operator:' || $4::text, 'institution.x-road', 'institution:' || institution_id,
       jsonb_build_object('client', client, 'scopes', scopes) from put`,
    [client, institutionId, scopes, by],
  );
  return rowCount === 1 ? "done" : "of-another";
}

/** False where there is none such. */
export async function removeXRoadClient(
  pool: Pool,
  client: string,
  institutionId: string,
  by: string,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with removed as (
       delete from x_road_clients where client = $1 and institution_id = $2 returning client, institution_id, scopes
     )
     insert into audit_entries (actor, action, subject, before)
     select 'operator:' || $3::text, 'institution.x-road', 'institution:' || institution_id,
       jsonb_build_object('client', client, 'scopes', scopes) from removed`,
    [client, institutionId, by],
  );
  return rowCount === 1;
}
