/**
 * The server's connections to PostgreSQL. What the database calls int8 is a bigint here and numeric stays text, since
 * neither fits a double; and a connection that breaks is a line in the log, never the end of the process.
 */
import { Pool, TypeOverrides, type PoolClient, type PoolConfig } from "pg";
import type { Logger } from "pino";

export interface DatabaseClient {
  readonly pool: Pool;
  /** Waits for the queries under way, then ends every connection. */
  close(): Promise<void>;
}

export type PoolOptions = Pick<
  PoolConfig,
  "max" | "statement_timeout" | "idle_in_transaction_session_timeout" | "options"
>;

export function createDatabaseClient(
  url: string,
  log: Pick<Logger, "warn">,
  options: PoolOptions = {},
): DatabaseClient {
  const pool = createPool(url, log, options);
  let ended: Promise<void> | undefined;
  // Ending a pool twice is an error.
  return { pool, close: () => (ended ??= pool.end()) };
}

function createPool(url: string, log: Pick<Logger, "warn">, options: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: "paypost",
    max: 20,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    types: exactTypes(),
    ...options,
  });
  pool.on("error", (error) => logLost(log, error));
  // The pool listens on idle clients only. One that breaks between two statements of a transaction says so here, and
  // its next statement fails.
  pool.on("connect", (client: PoolClient) => client.on("error", (error) => logLost(log, error)));
  return pool;
}

/** The error carries its client, connection settings included: only what it says goes into the log. */
function logLost(log: Pick<Logger, "warn">, error: Error & { code?: string }): void {
  log.warn({ code: error.code, reason: error.message }, "a connection to PostgreSQL was lost");
}

const int8 = 20;
const int8Array = 1016;
const date = 1082;

/** For a pool only, so that nothing else in the process reads its values differently. */
export function exactTypes(): TypeOverrides {
  const types = new TypeOverrides();
  types.setTypeParser(int8, (text: string) => BigInt(text));
  types.setTypeParser(int8Array, parseInt8Array);
  // A day of a calendar is no instant: it stays `YYYY-MM-DD`.
  types.setTypeParser(date, (text: string) => text);
  return types;
}

/** One dimension, as `array_agg` gives it: `{1,2,NULL}`. */
function parseInt8Array(text: string): (bigint | null)[] {
  if (text === "{}") return [];
  const items = text.slice(1, -1).split(",");
  return items.map((item) => (item === "NULL" ? null : BigInt(item)));
}
