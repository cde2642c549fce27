/**
 * One process for each data directory. The lock is an exclusive transaction on a small SQLite file, so the operating
 * system gives it back however the process ended: nothing is left to clean up after a power cut.
 */
import { join } from "node:path";
import Database from "better-sqlite3";

export interface DirectoryLock {
  release(): void;
}

/** Takes the lock, or returns undefined when another process has this directory open. */
export function lockDirectory(directory: string): DirectoryLock | undefined {
  const database = new Database(join(directory, "lock.db"), { timeout: 0 });
  try {
    database.exec("begin exclusive");
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
