/** The server's store on a database, with the looks into it that the contract takes. */
import { sql } from "kysely";
import type { Kysely } from "kysely";
import type { Pool } from "pg";
import nacl from "tweetnacl";
import type { Jobs } from "../../../node-server/jobs/boss.ts";
import { createAddresses } from "../../../node-server/addresses.ts";
import type { Job } from "../../../node-server/ports/store.ts";
import { setBudget } from "../../../node-server/postgres/budget-admin.ts";
import type { Database } from "../../../node-server/postgres/schema.ts";
import { createPostgresStore } from "../../../node-server/postgres/store.ts";
import type { AuditEntry, Registry, StoreSubject } from "./subject.ts";

export function subjectOn(database: {
  readonly db: Kysely<Database>;
  readonly pool: Pool;
  readonly jobs: Jobs;
  readonly isConcurrent: boolean;
  close(): Promise<void>;
}): StoreSubject {
  const { db, pool, jobs, isConcurrent } = database;
  return {
    store: createPostgresStore({
      pool,
      jobs,
      addresses: createAddresses(new Uint8Array(32).fill(7), nacl.randomBytes),
    }),
    isConcurrent,
    ...inspection(db),
    register: (registry) => register(db, registry),
    setBudget: (budget) => setBudget(pool, budget),
    async close() {
      await jobs.stop();
      await database.close();
    },
  };
}

function inspection(
  db: Kysely<Database>,
): Omit<StoreSubject, "store" | "isConcurrent" | "register" | "setBudget" | "close"> {
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
  for (const { id, name, bic, endpointUrl, account, status } of registry.payerFis) {
    const payerFi = { id, name, bic, endpoint_url: endpointUrl, account, status };
    await db.insertInto("payer_fis").values(payerFi).execute();
  }
  for (const biller of registry.billers) {
    await db
      .insertInto("billers")
      .values({
        id: biller.id,
        name: biller.name,
        prefix: biller.prefix,
        own_digits: biller.ownDigits,
        check_digit: biller.checkDigit,
        endpoint_url: biller.endpointUrl,
        inquiry: biller.inquiry,
        answer_seconds: biller.answerSeconds,
        time_zone: biller.timeZone,
        account: biller.account,
        codes: biller.codes,
        voucher_groups: [...biller.voucherGroups],
        status: biller.status,
      })
      .execute();
    for (const payerFi of registry.payerFis) {
      const linked = { biller_id: biller.id, payer_fi_id: payerFi.id };
      await db.insertInto("biller_payer_fis").values(linked).execute();
    }
  }
}
