/**
 * Brings a PostgreSQL database up to this version's schema. All pending files run in one transaction, under a lock that
 * servers starting at the same moment share, so that a database is at one version or at the other and never between.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, DatabaseError } from "pg";
import {
  isExpanding,
  planMigrations,
  type AppliedMigration,
  type MigrationFile,
  type MigrationRefusal,
} from "#core/migration-plan.ts";

/** The database has a history that this version's files do not explain; nothing in it was touched. */
export class MigrationRefusedError extends Error {
  readonly refusal: MigrationRefusal;

  constructor(refusal: MigrationRefusal) {
    super(refusal.message);
    this.name = "MigrationRefusedError";
    this.refusal = refusal;
  }
}

/** Key of the advisory lock that is held while a database is migrated ("paypost" in ASCII). */
export const migrationLock = 0x70_61_79_70_6f_73_74n;

export const serverMigrationsFolder = fileURLToPath(new URL("../../migrations/server/", import.meta.url));

/**
 * Applies what is pending and names it. It throws when the history is refused or SQL fails, since no server may go on
 * with such a database, and leaves everything as it was.
 */
export async function migrateDatabase(
  url: string,
  folder = serverMigrationsFolder,
): Promise<readonly string[]> {
  const files = await readMigrations(folder);
  for (let tries = 1; ; tries += 1) {
    try {
      return await migrateOnce(url, files);
    } catch (error) {
      if (!isLockTimeout(error) || tries === mostTries) throw error;
    }
  }
}

/** Whoever waits for a table keeps all others from it, who would go on working with the database meanwhile. */
const longestLockWait = "5s";
const mostTries = 20;

function isLockTimeout(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  return cause instanceof DatabaseError && cause.code === "55P03";
}

async function migrateOnce(url: string, files: readonly MigrationFile[]): Promise<readonly string[]> {
  const client = new Client({ connectionString: url, application_name: "paypost-migrate" });
  await client.connect();
  try {
    await client.query("BEGIN");
    const applied = await migrateInTransaction(client, files);
    await client.query("COMMIT");
    return applied;
  } finally {
    // After an error this ends the transaction too.
    await client.end();
  }
}

/** Reads every `.sql` file of a folder, with the checksum that a database's history keeps. */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  return Promise.all(
    names.map(async (name) => {
      // A checkout on Windows may write CRLF, which does not make it another migration.
      const sql = (await readFile(join(folder, name), "utf8")).replaceAll("\r\n", "\n");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function migrateInTransaction(client: Client, files: readonly MigrationFile[]): Promise<string[]> {
  await client.query("SET LOCAL statement_timeout = 0");
  await client.query("SELECT pg_advisory_xact_lock($1)", [migrationLock]);
  await client.query(`
    CREATE TABLE IF NOT EXISTS migration_history (
      name text PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`);
  await client.query(`SET LOCAL lock_timeout = '${longestLockWait}'`);
  const history = await readHistory(client);
  const plan = planMigrations(files, history);
  if (!plan.ok) throw new MigrationRefusedError(plan.refusal);
  for (const file of plan.pending) await apply(client, file);
  return plan.pending.map((file) => file.name);
}

/** The column came later than the table, and is added only where it is missing: that takes the table from all others. */
async function readHistory(client: Client): Promise<readonly AppliedMigration[]> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_attribute WHERE attrelid = 'migration_history'::regclass AND attname = 'expands'`,
  );
  if (rowCount === 0)
    await client.query("ALTER TABLE migration_history ADD COLUMN expands boolean NOT NULL DEFAULT false");
  return (await client.query<AppliedMigration>("SELECT name, checksum, expands FROM migration_history")).rows;
}

async function apply(client: Client, file: MigrationFile): Promise<void> {
  const { name, checksum, sql } = file;
  await client.query(sql).catch((cause: unknown) => {
    throw new Error(`Migration ${name} failed${whereIn(sql, cause)}; the database is unchanged.`, { cause });
  });
  await client.query("INSERT INTO migration_history (name, checksum, expands) VALUES ($1, $2, $3)", [
    name,
    checksum,
    isExpanding(file),
  ]);
}

function whereIn(sql: string, cause: unknown): string {
  if (!(cause instanceof DatabaseError)) return "";
  if (cause.position === undefined) return `: ${cause.message}`;
  const line = sql.slice(0, Number(cause.position)).split("\n").length;
  return ` at line ${line}: ${cause.message}`;
}
