/**
 * Tables that grow without bound, made into partitioned ones with the same columns, keys, indexes, triggers and
 * policies. docs/scale.md tells why these fit, and why others do not.
 */
import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../../node-server/postgres/transaction.ts";

interface Plan {
  readonly table: string;
  readonly key: string;
  readonly method: "range" | "hash";
}

/** By range where the key grows with time, so that what is old lies in partitions that nobody writes to. */
export const plans: readonly Plan[] = [
  { table: "audit_entries", key: "id", method: "range" },
  { table: "journal_lines", key: "entry_id", method: "range" },
  { table: "operations", key: "node_id", method: "hash" },
  { table: "at_risk_uses", key: "node_id", method: "hash" },
  { table: "api_requests", key: "request_id", method: "hash" },
];

/** Of hash; by range as many old ones, and one that takes what is new. */
const partitionsEach = 8;

/** While nobody else is connected. Gives how many rows were moved. */
export async function partitionTables(pool: Pool): Promise<number> {
  let moved = 0;
  for (const plan of plans)
    moved += await inTransaction(pool, "begin", async (db) => {
      await db.query("set local maintenance_work_mem = '256MB'");
      return partitionTable(db, plan);
    });
  return moved;
}

async function partitionTable(db: PoolClient, plan: Plan): Promise<number> {
  const { table } = plan;
  const rules = await rulesOf(db, table);
  const sequence = await identityOf(db, table);
  await run(db, rules.incoming.drop);
  // Out of the way with its indexes and constraints, whose names the new ones take.
  await db.query(`create schema aside; alter table ${table} set schema aside`);
  await db.query(
    `create table ${table} (like aside.${table} including defaults including constraints including identity
      including storage) partition by ${plan.method} (${plan.key})`,
  );
  const partitions = await createPartitions(db, plan);
  const { rowCount } = await db.query(
    `insert into ${table} overriding system value select * from aside.${table}`,
  );
  await run(db, rules.constraints, rules.indexes, rules.triggers, rules.policies, rules.incoming.add);
  // These do not reach the partitions, which could be read and written to by their own names.
  const tableName = new RegExp(`(?<=[ .])${table} `);
  for (const partition of partitions)
    await run(
      db,
      [...rules.statementTriggers, ...rules.policies].map((rule) => rule.replace(tableName, `${partition} `)),
    );
  if (sequence !== null)
    await db.query("select setval(pg_get_serial_sequence($1, $2), $3)", [table, plan.key, sequence]);
  await db.query("drop schema aside cascade");
  return rowCount ?? 0;
}

/** Gives their names. */
async function createPartitions(db: PoolClient, { table, key, method }: Plan): Promise<string[]> {
  const bounds = method === "hash" ? hashBounds() : await rangeBounds(db, table, key);
  const names = bounds.map((_, index) => `${table}_p${index}`);
  for (const [index, bound] of bounds.entries())
    await db.query(`create table ${names[index]} partition of ${table} for values ${bound}`);
  return names;
}

function hashBounds(): string[] {
  return Array.from(
    { length: partitionsEach },
    (_, index) => `with (modulus ${partitionsEach}, remainder ${index})`,
  );
}

async function rangeBounds(db: PoolClient, table: string, key: string): Promise<string[]> {
  const { rows } = await db.query<{ bound: bigint }>(
    `select n * (coalesce(max(${key}), 0) / $1::int + 1) as bound from aside.${table}, generate_series(1, $1::int) as n
      group by n order by n`,
    [partitionsEach],
  );
  const bounds = ["minvalue", ...rows.map(({ bound }) => String(bound)), "maxvalue"];
  return bounds.slice(1).map((to, index) => `from (${bounds[index]}) to (${to})`);
}

/** What its identity column gave last; null where it has none. */
async function identityOf(db: PoolClient, table: string): Promise<bigint | null> {
  const { rows } = await db.query<{ last: bigint | null }>(
    `select pg_sequence_last_value(pg_get_serial_sequence($1, attname)) as last
      from pg_attribute where attrelid = $1::regclass and attidentity <> ''`,
    [table],
  );
  return rows[0]?.last ?? null;
}

/** Each a statement. */
interface Rules {
  readonly constraints: readonly string[];
  readonly indexes: readonly string[];
  readonly triggers: readonly string[];
  readonly statementTriggers: readonly string[];
  readonly policies: readonly string[];
  /** Foreign keys of other tables that refer to this one. */
  readonly incoming: { readonly drop: readonly string[]; readonly add: readonly string[] };
}

async function rulesOf(db: PoolClient, table: string): Promise<Rules> {
  const list = async (query: string) => {
    const { rows } = await db.query<{ statement: string }>(`select ${query}`, [table]);
    return rows.map(({ statement }) => statement);
  };
  const foreign = "from pg_constraint where contype = 'f' and conparentid = 0 and confrelid = $1::regclass";
  return {
    constraints: await list(
      `format('alter table %s add constraint %I %s', $1::regclass, conname, pg_get_constraintdef(oid)) as statement
        from pg_constraint where conrelid = $1::regclass and contype in ('p', 'u', 'f') order by contype desc`,
    ),
    indexes: await list(
      `pg_get_indexdef(indexrelid) as statement from pg_index i where indrelid = $1::regclass
        and not exists (select from pg_constraint where conindid = i.indexrelid and conrelid = i.indrelid)`,
    ),
    triggers: await list(`pg_get_triggerdef(oid) as statement ${ownTriggers}`),
    statementTriggers: await list(`pg_get_triggerdef(oid) as statement ${ownTriggers} and tgtype & 1 = 0`),
    policies: await list(
      `unnest(array[format('alter table %s enable row level security', $1::regclass),
          format('create policy %I on %s using (%s)', polname, $1::regclass, pg_get_expr(polqual, polrelid))])
        as statement from pg_policy where polrelid = $1::regclass`,
    ),
    incoming: {
      drop: await list(
        `format('alter table %s drop constraint %I', conrelid::regclass, conname) as statement ${foreign}`,
      ),
      add: await list(
        `format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
          as statement ${foreign}`,
      ),
    },
  };
}

const ownTriggers = "from pg_trigger where tgrelid = $1::regclass and not tgisinternal";

async function run(db: PoolClient, ...lists: readonly (readonly string[])[]): Promise<void> {
  for (const statement of lists.flat()) await db.query(statement);
}
