import { sql } from "kysely";
import type { Kysely } from "kysely";
import { expect, test } from "vitest";
import { describeStore } from "../../test/contracts/store.contract.ts";
import type { AuditEntry, Registry, StoreSubject } from "../../test/contracts/store/subject.ts";
import { createDatabase } from "../../test/support/database.ts";
import { createJobs } from "../jobs/boss.ts";
import type { Job } from "../ports/store.ts";
import { setBudget } from "./budget-admin.ts";
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

async function createSubject(): Promise<StoreSubject> {
  const database = await createDatabase();
  const log = { warn: () => {}, error: () => {} };
  const client = createDatabaseClient(database.url, log);
  const jobs = await createJobs({ connectionString: database.url, log });
  return {
    store: createPostgresStore({ db: client.db, jobs }),
    ...inspection(client.db),
    register: (registry) => register(client.db, registry),
    setBudget: (budget) => setBudget(client.pool, budget),
    async close() {
      await jobs.stop();
      await client.close();
      await database.drop();
    },
  };
}

function inspection(db: Kysely<Database>): Omit<StoreSubject, "store" | "register" | "setBudget" | "close"> {
  const sums = async (query: ReturnType<typeof sql<{ id: string; sum: bigint }>>) =>
    new Map((await query.execute(db)).rows.map(({ id, sum }) => [id, sum]));
  return {
    balances: () => sums(sql`select id, balance_minor as sum from accounts`),
    sumsOfLines: () =>
      sums(sql`select account_id as id, sum(amount_minor)::bigint as sum from journal_lines group by 1`),
    async waitingJobs() {
      const found = sql<Job>`select name as queue, data ->> 'id' as id from pgboss.job where state < 'active'`;
      return (await found.execute(db)).rows;
    },
    async auditOf(subject) {
      const found = sql<AuditEntry>`
        select actor, action, before, after from audit_entries where subject = ${subject} order by id`;
      return (await found.execute(db)).rows;
    },
    async leasesShape(nodeId) {
      const rows = await db.selectFrom("shape_leases").selectAll().where("node_id", "=", nodeId).execute();
      return rows.map((row) => ({
        serial: row.serial,
        epoch: { generation: row.epoch_generation, n: row.epoch_n },
        notAfter: row.not_after,
        lease: row.lease,
        token: row.token,
        recalledAt: row.recalled_at,
      }));
    },
    async elsewhereShape(nodeId) {
      const rows = await db.selectFrom("shape_elsewhere").selectAll().where("node_id", "=", nodeId).execute();
      return rows.map((row) => ({ serial: row.serial, till: row.till, notAfter: row.not_after }));
    },
    async documentsShape(shape, nodeId) {
      const found =
        shape === "verdicts"
          ? sql<{ key: string; document: string }>`
              select sequence::text as key, verdict_list as document from shape_verdicts
              where node_id = ${nodeId} order by sequence`
          : sql<{ key: string; document: string }>`
              select kind as key, document from shape_trust where node_id = ${nodeId} order by kind`;
      return (await found.execute(db)).rows;
    },
    async deliveriesOf(batch) {
      const rows = await db
        .selectFrom("voucher_deliveries")
        .innerJoin("vouchers", "vouchers.serial", "voucher_deliveries.serial")
        .select("delivered_at")
        .where("batch", "=", batch)
        .orderBy("line")
        .execute();
      return rows.map((row) => row.delivered_at);
    },
  };
}

async function register(db: Kysely<Database>, registry: Registry): Promise<void> {
  for (const institution of registry.institutions) {
    await db
      .insertInto("institutions")
      .values({
        id: institution.id,
        name: institution.id,
        callback_base_url: institution.callbackBaseUrl,
        box_public_key: institution.boxPublicKey,
      })
      .execute();
  }
  for (const { code, name, validityDays, reservationDays, atRisk } of registry.groups) {
    await db
      .insertInto("voucher_groups")
      .values({ code, name, validity_days: validityDays, reservation_days: reservationDays, at_risk: atRisk })
      .execute();
  }
  for (const id of registry.disbursing)
    await db.insertInto("disbursement_terms").values({ institution_id: id, payer_identifier: id }).execute();
  for (const id of registry.receivers) {
    const receiver = { id, name: id, rail: "non-bank", gateway: "ledger" } as const;
    await db.insertInto("receiving_institutions").values(receiver).execute();
  }
  for (const { id, name, status, account, accepts } of registry.merchants) {
    await db.insertInto("merchants").values({ id, name, status, account }).execute();
    await db.insertInto("merchant_groups").values({ code: id, name }).execute();
    await db.insertInto("merchant_group_members").values({ merchant_group: id, merchant_id: id }).execute();
    for (const group of accepts) {
      await db
        .insertInto("merchant_group_accepts")
        .values({ merchant_group: id, voucher_group: group })
        .execute();
    }
  }
}
