/** The store of `npm run simulate -- --store memory`, held to the contract that PostgreSQL's own store is held to. */
import { Kysely, PostgresDialect } from "kysely";
import type { Db } from "pg-boss";
import { createJobs } from "../../node-server/jobs/boss.ts";
import type { Database } from "../../node-server/postgres/schema.ts";
import { describeStore } from "../contracts/store.contract.ts";
import { subjectOn } from "../contracts/store/on-database.ts";
import { startMemoryPostgres } from "../support/memory-postgres.ts";

describeStore("PostgreSQL in memory", async () => {
  const { pool, close } = await startMemoryPostgres();
  const log = { warn: () => {}, error: () => {} };
  const boss: Db = { executeSql: (text, values) => pool.query(text, values) };
  const jobs = await createJobs({ db: boss, log });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return subjectOn({ db, pool, jobs, isConcurrent: false, close });
});
