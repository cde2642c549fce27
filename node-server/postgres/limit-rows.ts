/** Policies, what nodes were told at their contacts, and what they took at risk (`migrations/server/0130-limits.sql`). */
import { sql } from "kysely";
import { toBase64 } from "#sync/base64.ts";
import type { LimitRows } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function limitRows(trx: Trx): LimitRows {
  return { ...policies(trx), ...contacts(trx), ...uses(trx) };
}

type PolicyRows = Pick<
  LimitRows,
  "policy" | "currentPolicy" | "lockPolicies" | "issuePolicy" | "tellPolicy" | "longestLateSettlementMs"
>;
type ContactRows = Pick<LimitRows, "noteContact" | "contact" | "forgetContacts">;

function policies(trx: Trx): PolicyRows {
  return {
    async policy(version) {
      const row = await selectPolicies(trx).where("version", "=", version).executeTakeFirst();
      return row && { version: row.version, document: bytes(row.document) };
    },
    async currentPolicy() {
      const [row] = (await newestPolicy(trx)).rows;
      return row && { version: row.version, document: bytes(row.document) };
    },
    async lockPolicies() {
      await sql`lock table policies in share row exclusive mode`.execute(trx);
    },
    async issuePolicy({ version, document, lateSettlementHours, issuedBy }) {
      const row = { version, document, late_settlement_hours: lateSettlementHours, issued_by: issuedBy };
      await trx.insertInto("policies").values(row).execute();
      await sql`
        insert into shape_trust (node_id, kind, version, document)
        select id::text, 'policy', ${version}::int, ${toBase64(document)} from nodes order by id
        on conflict (node_id, kind) do update set version = excluded.version, document = excluded.document`.execute(
        trx,
      );
    },
    async longestLateSettlementMs() {
      const row = await trx
        .selectFrom("policies")
        .select((eb) => eb.fn.max("late_settlement_hours").as("hours"))
        .executeTakeFirst();
      // An aggregate over no rows is null, which kysely's type does not say.
      return ((row?.hours as number | null | undefined) ?? 0) * 3_600_000;
    },
    async tellPolicy(nodeId) {
      // Waits for a policy that is being issued, which does not see this node yet.
      await sql`lock table policies in row exclusive mode`.execute(trx);
      const [newest] = (await newestPolicy(trx)).rows;
      if (!newest) return;
      const document = toBase64(bytes(newest.document));
      const row = { node_id: nodeId, kind: "policy", version: newest.version, document };
      await trx.insertInto("shape_trust").values(row).execute();
    },
  };
}

function selectPolicies(trx: Trx) {
  return trx.selectFrom("policies").select(["version", "document"]);
}

const newestPolicy = keptQuery((trx) => selectPolicies(trx).orderBy("version", "desc").limit(1));

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
