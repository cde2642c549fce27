import { Kysely, PostgresDialect } from "kysely";
import { expect, test } from "vitest";
import { noJobs } from "../jobs/no-jobs.ts";
import { describeStore } from "../../test/contracts/store.contract.ts";
import { subjectOn } from "../../test/contracts/store/on-database.ts";
import type { StoreSubject } from "../../test/contracts/store/subject.ts";
import { createDatabase } from "../../test/support/database.ts";
import { createJobs } from "../jobs/boss.ts";
import { createDatabaseClient } from "./pool.ts";
import type { Database } from "./schema.ts";
import { createPostgresStore } from "./store.ts";

describeStore("PostgreSQL", createSubject);

test("a transaction that swallowed the refusal of a statement is not committed", async () => {
  const subject = await createSubject();
  const work = subject.store.transaction(async (tx) => {
    await tx.audit.record({ actor: "test", action: "swallow", subject: "swallowed" });
    await tx.nodes.find("not a uuid").catch(() => undefined);
  });
  await expect(work).rejects.toMatchObject({ code: "25P02" });
  await subject.close();
});

test("a serialization failure is run anew three times and then passed on, other errors at once", async () => {
  const subject = await createSubject();
  const runs = async (code: string, failures: number) => {
    let count = 0;
    const work = subject.store.transaction(() => {
      count += 1;
      return count <= failures
        ? Promise.reject(Object.assign(new Error(code), { code }))
        : Promise.resolve("done");
    });
    const outcome = await work.catch((error: Error) => error.message);
    return [outcome, count];
  };
  expect(await runs("40001", 3)).toEqual(["done", 4]);
  expect(await runs("40P01", 4)).toEqual(["40P01", 4]);
  expect(await runs("23505", 1)).toEqual(["23505", 1]);
  await subject.close();
});

test("statements whose table has got another column since are planned anew, and nobody notices", async () => {
  const database = await createDatabase();
  const client = createDatabaseClient(database.url, { warn: () => {} });
  const store = createPostgresStore({
    pool: client.pool,
    jobs: noJobs,
  });
  const owner = { id: 1n, institutionId: "welfare", payeeIdentity: "P-1" };
  const read = () => store.transaction((tx) => tx.payees.history(owner));
  // On several connections, each of which has its own plan.
  const readAtOnce = () => Promise.all([read(), read(), read(), read()]);
  await readAtOnce();
  for (const column of ["newer", "newest"]) {
    await client.pool.query(`alter table payee_history add column ${column} text`);
    expect(await readAtOnce()).toEqual([[], [], [], []]);
  }
  await client.close();
  await database.drop();
});

async function createSubject(): Promise<StoreSubject> {
  const database = await createDatabase();
  const log = { warn: () => {}, error: () => {} };
  const client = createDatabaseClient(database.url, log);
  const jobs = await createJobs({ connectionString: database.url, log });
  return subjectOn({
    pool: client.pool,
    db: new Kysely<Database>({ dialect: new PostgresDialect({ pool: client.pool }) }),
    jobs,
    isConcurrent: true,
    async close() {
      await client.close();
      await database.drop();
    },
  });
}
