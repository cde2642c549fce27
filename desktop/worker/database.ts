/**
 * Opens the node's SQLite database so that what was committed survives a power cut, and brings its tables up to date
 * in one transaction. The rules for migrations are those of `core/migration-plan.ts`.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { planMigrations } from "#core/migration-plan.ts";
import type { AppliedMigration, MigrationFile } from "#core/migration-plan.ts";
import { unsynced } from "./unsynced.ts";

export type NodeDatabase = Database.Database;

const migrationsFolder = fileURLToPath(new URL("../../migrations/node/", import.meta.url));

/** Thrown when the database and this program's migrations do not belong together. */
export class MigrationError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Every integer is read as a bigint: amounts do not fit a double. Throws MigrationError and SqliteError. */
export function openDatabase(path: string): NodeDatabase {
  const database = new Database(path, { timeout: 5_000 });
  try {
    database.defaultSafeIntegers(true);
    requireSound(database);
    database.pragma("journal_mode = wal");
    database.pragma("synchronous = full");
    database.pragma("foreign_keys = on");
    // What is deleted, or sealed later, is not to be found in a free page.
    database.pragma("secure_delete = on");
    // A trigger that guards a row must hold for every writer, and no SQL hides in the stored schema.
    database.pragma("trusted_schema = off");
    database.transaction(migrate).immediate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** What lies in a damaged page would be missed only when it is read, perhaps after days: it is found before anything is added. */
function requireSound(database: NodeDatabase): void {
  const found = database.pragma("quick_check(1)", { simple: true });
  if (found !== "ok") throw new Database.SqliteError(String(found), "SQLITE_CORRUPT");
}

/** A file beside the database that could not be written. */
export class FileNotWrittenError extends Error {}

/** A full disk, or one that cannot be written: what was committed is there, and the same call may do better later. */
export function isStorageFailure(error: unknown): boolean {
  if (error instanceof FileNotWrittenError) return true;
  return hasCode(error, /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY)/);
}

/** A database whose bytes are not what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  return hasCode(error, /^SQLITE_(CORRUPT|NOTADB)/);
}

function hasCode(error: unknown, pattern: RegExp): boolean {
  return error instanceof Database.SqliteError && pattern.test(error.code);
}

function migrate(database: NodeDatabase): void {
  database.exec(
    "create table if not exists migrations (name text primary key, checksum text not null) strict",
  );
  const history = database.prepare<[], AppliedMigration>("select name, checksum from migrations").all();
  const plan = planMigrations(migrationFiles(), history);
  if (!plan.ok) throw new MigrationError(plan.refusal.code, plan.refusal.message);
  if (history.length > 0 && plan.pending.length > 0) requireSynced(database);
  const note = database.prepare("insert into migrations (name, checksum) values (?, ?)");
  for (const file of plan.pending) {
    database.exec(file.sql);
    note.run(file.name, file.checksum);
  }
}

/** The version that wrote it can still send it; should this one fail with it, nothing is lost (design section 3). */
function requireSynced(database: NodeDatabase): void {
  const rest = unsynced(database);
  if (!rest) return;
  const message =
    `This version changes the till's files, and the server does not have ${rest.operations} of its operations yet ` +
    `(${rest.amount}). Nothing was changed. With the version that was used before, run \`sync\`, or \`export\` and \`import\`.`;
  throw new MigrationError("upgrade-unsynced", message);
}

function migrationFiles(): MigrationFile[] {
  return readdirSync(migrationsFolder)
    .filter((name) => name.endsWith(".sql"))
    .map((name) => {
      const sql = readFileSync(migrationsFolder + name, "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}
