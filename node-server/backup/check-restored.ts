/** Whether a database that was restored is the one that was backed up: its rows, its books, its audit trail. */
import type { Pool } from "pg";
import { formatHead, parseHead } from "../audit/chain.ts";
import { verifyAudit } from "../audit/verify.ts";
import { readAudit } from "../postgres/audit-chain.ts";
import { countRows } from "../postgres/backup-session.ts";
import { findBookErrors } from "../postgres/books-check.ts";
import { migrateDatabase } from "../postgres/migrate.ts";
import { readIdentity } from "../postgres/recovery-admin.ts";
import type { Manifest } from "./manifest.ts";

export interface RestoredReport {
  /** What is not as it should be; nothing where all is well. */
  readonly wrong: readonly string[];
  readonly tables: number;
  readonly rows: string;
  /** When the last entry of the audit trail was written: the restored database is of that moment or a little later. */
  readonly until: Date | null;
  readonly audit: { readonly entries: string; readonly head: string };
  /** Migrations of this version that the backup did not have yet. */
  readonly migrated: readonly string[];
}

/** Nothing is ever deleted from these: what is missing was lost. */
const onlyGrow = ["audit_entries", "audit_seals", "journal_entries", "journal_lines", "operations", "claims"];

export async function checkRestored(url: string, pool: Pool, manifest: Manifest): Promise<RestoredReport> {
  const counted = await countRows(pool);
  const migrated = await migrateDatabase(url);
  const identity = await readIdentity(pool);
  const head = parseHead(manifest.head);
  // As of now, whatever generation it is: the recovery is still to begin.
  const audit = await readAudit(pool, (reader) =>
    verifyAudit(reader, head && head.position > 0n ? [head] : []),
  );
  const { rows: last } = await pool.query<{ at: Date | null }>("select max(at) as at from audit_entries");
  const forgotten =
    identity.generation < manifest.generation ||
    (identity.generation === manifest.generation && identity.lastAudit < BigInt(manifest.lastAudit))
      ? [`the audit trail ends at entry ${identity.lastAudit}; it had come to ${manifest.lastAudit}`]
      : [];
  return {
    wrong: [
      ...rowErrors(manifest, counted),
      ...(await findBookErrors(pool)).map((error) => `books: ${error}`),
      ...audit.breaks.map((found) => `audit trail: ${found.code}`),
      ...forgotten,
    ],
    tables: Object.keys(counted).length,
    rows: String(Object.values(counted).reduce((sum, count) => sum + BigInt(count), 0n)),
    until: last[0]?.at ?? null,
    audit: { entries: String(audit.head.position), head: formatHead(audit.head) },
    migrated,
  };
}

/** A dump holds exactly what was counted; the copy of a cluster goes on from there. */
function rowErrors(manifest: Manifest, counted: Readonly<Record<string, string>>): string[] {
  return Object.entries(manifest.rows).flatMap(([table, then]) => {
    const now = counted[table];
    if (now === undefined) return [`the table ${table} is missing`];
    const isExact = manifest.kind === "dump";
    const isWrong = isExact ? now !== then : onlyGrow.includes(table) && BigInt(now) < BigInt(then);
    return isWrong ? [`${table} has ${now} rows; it had ${then}`] : [];
  });
}
