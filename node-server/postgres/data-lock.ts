/**
 * Keeps two servers off one data folder. The lock is SQLite's on a file of its own: the kernel gives it back when the
 * process dies in any way, and it also holds between containers that share the folder, where process ids mean nothing.
 */
import { DatabaseSync } from "node:sqlite";

export interface DataLock {
  release(): void;
}

const sqliteBusy = 5;

/** A file that nobody refers to any more is closed by the garbage collector, and its lock would go with it. */
const held = new Set<DatabaseSync>();

/** Takes the lock, or gives undefined at once when another process (or this one) holds it. */
export function lockFile(path: string): DataLock | undefined {
  const file = new DatabaseSync(path);
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) return undefined;
    throw error;
  }
  held.add(file);
  return {
    release() {
      held.delete(file);
      file.close();
    },
  };
}
