/**
 * All rows of a database, kept inside of it and put back: how a seed finds the database as the migrations left it, and how
 * one is restored from a backup. Done in SQL, so that it is the same on every store and costs milliseconds.
 */
import type { Pool } from "pg";

export interface KeptRows {
  keep(): Promise<void>;
  /** Throws unless they were kept. */
  putBack(): Promise<void>;
}

/** `name` is the schema that they are kept in. */
export async function keptRows(pool: Pool, name: string): Promise<KeptRows> {
  const tables = await namesIn(pool, "select tablename as name from pg_tables where schemaname = 'public'");
  const sequences = await namesIn(
    pool,
    "select sequencename as name from pg_sequences where schemaname = 'public'",
  );
  await pool.query(`create schema ${name}`);
  for (const table of tables) await pool.query(`create table ${name}.${table} (like public.${table})`);
  await pool.query(
    `create table ${name}.positions (name text primary key, last_value bigint, is_called bool)`,
  );
  const keep = [
    ...tables.map(
      (table) => `delete from ${name}.${table}; insert into ${name}.${table} table public.${table}`,
    ),
    `delete from ${name}.positions`,
    ...sequences.map(
      (sequence) =>
        `insert into ${name}.positions select '${sequence}', last_value, is_called from public.${sequence}`,
    ),
  ];
  const putBack = [
    // Whoever restores a database writes rows as they were: no trigger runs, and nothing is append-only.
    "set local session_replication_role = replica",
    ...tables.map(
      (table) =>
        `delete from public.${table}; insert into public.${table} overriding system value table ${name}.${table}`,
    ),
    `select setval('public.' || name, last_value, is_called) from ${name}.positions`,
  ];
  return {
    keep: () => inOne(pool, keep),
    putBack: () => inOne(pool, putBack),
  };
}

/** Several statements that are sent as one query are one transaction. */
async function inOne(pool: Pool, statements: readonly string[]): Promise<void> {
  await pool.query(statements.join(";\n"));
}

async function namesIn(pool: Pool, query: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(query);
  return rows.map(({ name }) => name).toSorted();
}
