/**
 * Notices a database that was restored from a backup, and whether it has recovered (design section 4.8). One that has
 * forgotten what its servers had seen is refused until an operator says that it was restored.
 */
import type { Logger } from "pino";
import type { Pool } from "pg";
import { readIdentity, readRecovery, recordStart } from "../postgres/recovery-admin.ts";
import { readSeen, writeSeen } from "./generation-file.ts";
import type { SeenDatabase } from "./generation-file.ts";

export interface RecoveryWatch {
  /** While true nothing moves money but what the nodes bring; at most some seconds behind the database. */
  isOpen(): boolean;
  /** Writes down how far the database has come. */
  close(): Promise<void>;
}

/** Why the server does not start: the message says what has happened, and what to do. */
export class RestoredDatabaseError extends Error {}

const lookEveryMs = 5_000;

/** Throws RestoredDatabaseError. */
export async function watchRecovery(
  keysFolder: string,
  pool: Pool,
  log: Pick<Logger, "warn">,
): Promise<RecoveryWatch> {
  await requireNotForgotten(keysFolder, pool);
  // A backup that is older than this start lacks at least this entry.
  await recordStart(pool);
  let isOpen = await look(keysFolder, pool);
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = look(keysFolder, pool).then(
      (open) => void (isOpen = open),
      (error: unknown) => log.warn({ err: error }, "how far the database has come was not written down"),
    );
  }, lookEveryMs);
  timer.unref();
  return {
    isOpen: () => isOpen,
    async close() {
      clearInterval(timer);
      await looking;
      await look(keysFolder, pool).catch(() => undefined);
    },
  };
}

/** For a sandbox, whose database is emptied at will. */
export const neverRecovering: RecoveryWatch = { isOpen: () => false, close: async () => {} };

async function look(keysFolder: string, pool: Pool): Promise<boolean> {
  const identity = await readIdentity(pool);
  const seen = await readSeen(keysFolder);
  // Several servers share the file: one that looked a moment earlier takes nothing back.
  if (!seen || isAhead(identity, seen)) await writeSeen(keysFolder, identity);
  const recovery = await readRecovery(pool);
  return recovery !== undefined && recovery.endedAt === null;
}

async function requireNotForgotten(keysFolder: string, pool: Pool): Promise<void> {
  const seen = await readSeen(keysFolder);
  if (!seen) return;
  const identity = await readIdentity(pool);
  if (identity.generation > seen.generation) return;
  if (identity.generation === seen.generation && identity.lastAudit >= seen.lastAudit) return;
  throw new RestoredDatabaseError(
    `The database has forgotten what its servers had seen (it is at generation ${identity.generation}, entry ` +
      `${identity.lastAudit} of its audit trail; generation ${seen.generation}, entry ${seen.lastAudit} was seen): it was ` +
      "restored from a backup, and vouchers that were paid since would be paid again. If so, say it, and start again: " +
      "npm run paypost -- restored --by YOUR-NAME. If this is another database than these keys belong to, correct " +
      "DATABASE_URL or PAYPOST_KEYS. docs/operating.md tells what happens then.",
  );
}

function isAhead(identity: SeenDatabase, seen: SeenDatabase): boolean {
  if (identity.generation !== seen.generation) return identity.generation > seen.generation;
  return (
    identity.lastAudit > seen.lastAudit ||
    identity.head.position > seen.head.position ||
    identity.numbers.some((last, index) => last > (seen.numbers[index] ?? 0n))
  );
}
