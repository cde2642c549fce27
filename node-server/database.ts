/** Which PostgreSQL is worked on: the one of `DATABASE_URL`, or the server's own. */
import { pino } from "pino";
import type { Logger } from "pino";
import type { Pool } from "pg";
import { noJobs } from "./jobs/no-jobs.ts";
import type { Config } from "./config.ts";
import { commandLineOrigin } from "./origin.ts";
import { KeyFileError } from "./key-files.ts";
import type { Store } from "./ports/store.ts";
import { EmbeddedPostgresError, embeddedUrl, startEmbeddedPostgres } from "./postgres/embedded.ts";
import { createDatabaseClient } from "./postgres/pool.ts";
import type { PoolOptions } from "./postgres/pool.ts";
import { WrongDatabaseError } from "./postgres/sandbox.ts";
import { createPostgresStore } from "./postgres/store.ts";
import { RestoredDatabaseError } from "./recovery/watch.ts";
import { WrongKeyFolderError } from "./signing-keys/held.ts";

export interface ServerDatabase {
  readonly url: string;
  stop(): Promise<void>;
}

/** For the server: starts its own PostgreSQL where the settings name none. Throws EmbeddedPostgresError. */
export async function openServerDatabase(config: Config, log: Logger): Promise<ServerDatabase> {
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, stop: async () => {} };
  return startEmbeddedPostgres({ dataFolder: config.dataFolder, walArchive: config.walArchive, log });
}

export interface OperatorsDatabase {
  readonly url: string;
  readonly pool: Pool;
  readonly store: Store;
  close(): Promise<void>;
}

/** For the operators' command line: the database of the server that runs with the same settings. */
export async function connectToDatabase(config: Config): Promise<OperatorsDatabase> {
  const url = config.databaseUrl ?? (await embeddedUrl(config.dataFolder));
  const client = createDatabaseClient(url, pino({ level: "warn" }, pino.destination(2)), operatorsPool());
  // What calls for jobs is done with a queue of its own (`cli/as-server.ts`).
  const store = createPostgresStore({ pool: client.pool, jobs: noJobs });
  return { url, pool: client.pool, store, close: () => client.close() };
}

/** Few connections, which say in the audit trail whose they are. */
export function operatorsPool(): PoolOptions {
  // A space would end the value.
  const origin = commandLineOrigin().replaceAll(/[^\w:@.-]/g, "_");
  return { max: 2, options: `-c paypost.origin=${origin}` };
}

/** Refused by the network, or by PostgreSQL before anything was asked (its error classes 28 and 3D). */
function isUnreachable(error: Error): boolean {
  const code = "code" in error ? String(error.code) : "";
  return /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|28|3D)/.test(code);
}

/** Prints why the database cannot be used and ends the process; any other error is thrown on. */
export function exitWithoutDatabase(error: unknown): never {
  const expected = [
    EmbeddedPostgresError,
    WrongDatabaseError,
    RestoredDatabaseError,
    WrongKeyFolderError,
    KeyFileError,
  ];
  const isExpected = expected.some((kind) => error instanceof kind);
  if (!(error instanceof Error) || !(isExpected || isUnreachable(error))) throw error;
  console.error(isExpected ? error.message : `The database of DATABASE_URL cannot be used: ${error.message}`);
  process.exit(1);
}
