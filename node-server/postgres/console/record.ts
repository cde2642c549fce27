/** What an operator did in the console and from where, beside what the change itself tells in its own transaction. */
import type { Pool } from "pg";

export interface ConsoleEntry {
  readonly by: string;
  readonly action: string;
  readonly subject: string;
  readonly from: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export async function recordInConsole(
  pool: Pool,
  { by, action, subject, from, detail }: ConsoleEntry,
): Promise<void> {
  await pool.query(
    `insert into audit_entries (actor, action, subject, after, origin) values ($1, $2, $3, $4, $5)`,
    [`operator:${by}`, `console.${action}`, subject, JSON.stringify(detail, bigintsAsText), from],
  );
}

function bigintsAsText(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
