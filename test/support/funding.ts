/** Books an entry from outside the running server, as the operators' command line does. */
import { Kysely, PostgresDialect } from "kysely";
import type { Pool } from "pg";
import type { JournalEntry } from "../../node-server/ledger/entries.ts";
import { createPostgresStore } from "../../node-server/postgres/store.ts";
import type { Database } from "../../node-server/postgres/schema.ts";

export async function fundForTest(pool: Pool, entry: JournalEntry): Promise<void> {
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const store = createPostgresStore({ db, jobs: { enqueue: async () => {}, wake: () => {} } });
  await store.transaction((tx) => tx.ledger.post(entry));
}
