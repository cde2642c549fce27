/** Policies, what nodes were told at their contacts, and what they took at risk (`migrations/server/0130-limits.sql`). */
import { sql } from "kysely";
import type { LimitRows } from "../ports/store.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function limitRows(trx: Trx): LimitRows {
  return { ...policies(trx), ...contacts(trx), ...uses(trx) };
}

type PolicyRows = Pick<LimitRows, "policy" | "currentPolicy" | "insertPolicy">;
type ContactRows = Pick<LimitRows, "noteContact" | "contact" | "forgetContacts">;

function policies(trx: Trx): PolicyRows {
  const select = () => trx.selectFrom("policies").select(["version", "document"]);
  return {
    async policy(version) {
      const row = await select().where("version", "=", version).executeTakeFirst();
      return row && { version: row.version, document: bytes(row.document) };
    },
    async currentPolicy() {
      const row = await select().orderBy("version", "desc").limit(1).executeTakeFirst();
      return row && { version: row.version, document: bytes(row.document) };
    },
    async insertPolicy({ version, document, lateSettlementHours, issuedBy }) {
      const row = { version, document, late_settlement_hours: lateSettlementHours, issued_by: issuedBy };
      await trx.insertInto("policies").values(row).execute();
    },
  };
}

function contacts(trx: Trx): ContactRows {
  return {
    async noteContact(nodeId, toldMs, policyVersion) {
      // Two answers in one millisecond told the same.
      await trx
        .insertInto("node_contacts")
        .values({ node_id: nodeId, told_ms: BigInt(toldMs), policy_version: policyVersion })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async contact(nodeId, toldMs) {
      const row = await trx
        .selectFrom("node_contacts")
        .select("policy_version")
        .where("node_id", "=", nodeId)
        .where("told_ms", "=", BigInt(toldMs))
        .executeTakeFirst();
      return row && { policyVersion: row.policy_version };
    },
    async forgetContacts(nodeId, beforeMs) {
      await trx
        .deleteFrom("node_contacts")
        .where("node_id", "=", nodeId)
        .where("told_ms", "<", BigInt(beforeMs))
        .execute();
    },
  };
}

function uses(trx: Trx): Omit<LimitRows, keyof PolicyRows | keyof ContactRows> {
  return {
    async noteUse(nodeId, { operationHash, toldMs, money }) {
      await trx
        .insertInto("at_risk_uses")
        .values({
          node_id: nodeId,
          operation_hash: operationHash,
          told_ms: BigInt(toldMs),
          currency: money.currency,
          amount_minor: money.amountMinor,
        })
        .execute();
    },
    async used(nodeId, toldMs, currency) {
      const row = await trx
        .selectFrom("at_risk_uses")
        .select((eb) => [
          eb.fn.countAll<bigint>().as("count"),
          sql<bigint>`coalesce(sum(amount_minor) filter (where currency = ${currency}), 0)::bigint`.as("sum"),
        ])
        .where("node_id", "=", nodeId)
        .where("told_ms", "=", BigInt(toldMs))
        .executeTakeFirstOrThrow();
      return { count: Number(row.count), sumMinor: row.sum };
    },
  };
}
