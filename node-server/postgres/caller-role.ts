/**
 * The role that callers' transactions run as. Whoever owns the tables, or is superuser, passes row-level security by; this role
 * does not (migration 0910). It can do to every table what the server does, and cannot sign in.
 */
import type { Pool } from "pg";

export const callerRole = "paypost_caller";

const schemas = ["public", "pgboss"];

/** Key of the advisory lock under which it is made ("role" in ASCII). */
const roleLock = 0x72_6f_6c_65n;

/**
 * Makes the role where there is none, and gives it what it lacks: roles belong to a cluster and tables to a database, which
 * may have been restored elsewhere. False where this user may not make one.
 */
export async function ensureCallerRole(pool: Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock($1)", [roleLock]);
    await client.query(makeRole);
    const { rows } = await client.query<{ there: boolean; lacks: boolean }>(
      `select there, there and exists (
         select from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($2) and c.relkind in ('r', 'p') and not has_table_privilege($1, c.oid, 'insert')
       ) as lacks
       from (select exists (select from pg_roles where rolname = $1) as there) r`,
      [callerRole, schemas],
    );
    if (rows[0]?.lacks) for (const schema of schemas) await client.query(grantsIn(schema));
    await client.query("commit");
    return rows[0]?.there ?? false;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

/** Another database of the cluster may make it at the same moment. */
const makeRole = `do $$
begin
  if not exists (select from pg_roles where rolname = '${callerRole}') then
    create role ${callerRole} nologin;
  end if;
  if not pg_has_role(current_user, '${callerRole}', 'member') then
    execute format('grant ${callerRole} to %I', current_user);
  end if;
exception when duplicate_object or unique_violation or insufficient_privilege then null;
end $$`;

function grantsIn(schema: string): string {
  return `
    grant usage on schema ${schema} to ${callerRole};
    grant select, insert, update, delete on all tables in schema ${schema} to ${callerRole};
    grant usage on all sequences in schema ${schema} to ${callerRole};
    alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${callerRole};
    alter default privileges in schema ${schema} grant usage on sequences to ${callerRole};`;
}
