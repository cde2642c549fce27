/** The operators' side of a test: the store from outside the running server, as their command line uses it. */
import type { Pool } from "pg";
import { noJobs } from "../../node-server/jobs/no-jobs.ts";
import type { JournalEntry } from "../../node-server/ledger/entries.ts";
import { noAddresses } from "../../node-server/addresses.ts";
import type { Addresses } from "../../node-server/addresses.ts";
import type { Store } from "../../node-server/ports/store.ts";
import { createPostgresStore } from "../../node-server/postgres/store.ts";

/** A store whose transactions enqueue nothing; what is enqueued through it is not done. */
export function testStore(pool: Pool, addresses: Addresses = noAddresses): Store {
  return createPostgresStore({
    pool,
    jobs: noJobs,
    addresses,
  });
}

export async function fundForTest(pool: Pool, entry: JournalEntry): Promise<void> {
  await testStore(pool).transaction((tx) => tx.ledger.post(entry));
}
