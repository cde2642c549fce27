/** Nodes, the sessions they hold and the codes that let them enrol. */
import { sql } from "kysely";
import type { NodeRow, NodeRows } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { bytes, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function nodeRows(trx: Trx): NodeRows {
  return { ...nodeTable(trx), ...sessions(trx), ...reports(trx), ...enrolmentCodes(trx) };
}

type SessionRows = Pick<NodeRows, "countAssertion" | "openSession" | "bySession">;
type ReportRows = Pick<NodeRows, "report" | "reportEmptied">;
type CodeRows = Pick<NodeRows, "insertCode" | "lockCode" | "useCode">;

function nodeTable(trx: Trx): Omit<NodeRows, keyof SessionRows | keyof ReportRows | keyof CodeRows> {
  return {
    async lock(id) {
      const [row] = (await lockedNode(trx, id)).rows;
      return row && nodeRow(row);
    },
    async find(id) {
      const [row] = (await nodeOfId(trx, id)).rows;
      return row && nodeRow(row);
    },
    async ofMerchant(merchantId) {
      const rows = await selectNodes(trx)
        .where("nodes.merchant_id", "=", merchantId)
        .orderBy("nodes.enrolled_at")
        .orderBy("nodes.id")
        .execute();
      return rows.map(nodeRow);
    },
    async insert(row) {
      await trx
        .insertInto("nodes")
        .values({
          id: row.id,
          merchant_id: row.merchantId,
          name: row.name,
          public_key: row.publicKey,
          certificate: row.certificate,
          last_hash: row.lastHash,
        })
        .execute();
    },
    async changeKey({ id, ...old }, to) {
      const had = { key_from: BigInt(old.keyFrom), public_key: old.publicKey, certificate: old.certificate };
      await trx
        .insertInto("node_keys")
        .values({ node_id: id, ...had })
        .execute();
      const has = { key_from: BigInt(to.keyFrom), public_key: to.publicKey, certificate: to.certificate };
      await trx.updateTable("nodes").set(has).where("id", "=", id).execute();
      await trx.deleteFrom("node_sessions").where("node_id", "=", id).execute();
    },
    async earlierKeys(id) {
      const rows = await trx
        .selectFrom("node_keys")
        .select(["key_from", "public_key", "certificate"])
        .where("node_id", "=", id)
        .orderBy("key_from", "desc")
        .orderBy("replaced_at", "desc")
        .execute();
      return rows.map((row) => ({
        keyFrom: Number(row.key_from),
        publicKey: bytes(row.public_key),
        certificate: bytes(row.certificate),
      }));
    },
    async advance(id, lastSequence, lastHash) {
      const result = await trx
        .updateTable("nodes")
        .set({ last_sequence: BigInt(lastSequence), last_hash: lastHash })
        .where("id", "=", id)
        .executeTakeFirst();
      expectOne(result, `node ${id}`);
    },
    async setStatus(id, status) {
      const result = await trx.updateTable("nodes").set({ status }).where("id", "=", id).executeTakeFirst();
      expectOne(result, `node ${id}`);
    },
    async touch(id, clockOffsetMs) {
      await trx
        .updateTable("nodes")
        .set({
          last_contact_at: sql`clock_timestamp()`,
          ...(clockOffsetMs !== null && { clock_offset_ms: BigInt(clockOffsetMs) }),
        })
        .where("id", "=", id)
        .execute();
    },
  };
}

function sessions(trx: Trx): SessionRows {
  return {
    async countAssertion(id, counter) {
      const result = await trx
        .updateTable("nodes")
        .set({ assertion_counter: BigInt(counter) })
        .where("id", "=", id)
        .where("assertion_counter", "<", BigInt(counter))
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async openSession(id, tokenHash, expiresAt) {
      await trx
        .insertInto("node_sessions")
        .values({ token_hash: tokenHash, node_id: id, expires_at: expiresAt })
        .execute();
    },
    async bySession(tokenHash) {
      const [row] = (await nodeOfSession(trx, tokenHash)).rows;
      return row && nodeRow(row);
    },
  };
}

function reports(trx: Trx): ReportRows {
  return {
    async report(id, { version, waiting, oldestMs, worth }) {
      const oldestAt = oldestMs === null ? null : new Date(oldestMs);
      const told = JSON.stringify(
        worth.map(({ currency, amountMinor }) => ({ currency, amountMinor: amountMinor.toString() })),
      );
      await sql`
        insert into node_reports (node_id, version, waiting, oldest_at, worth)
        values (${id}, ${version}, ${waiting}, ${oldestAt}, ${told}::jsonb)
        on conflict (node_id) do update set at = excluded.at, version = excluded.version, waiting = excluded.waiting,
          oldest_at = excluded.oldest_at, worth = excluded.worth`.execute(trx);
    },
    async reportEmptied(id) {
      await sql`
        update node_reports set at = clock_timestamp(), waiting = 0, oldest_at = null, worth = '[]'
        where node_id = ${id} and waiting > 0`.execute(trx);
    },
  };
}

function enrolmentCodes(trx: Trx): CodeRows {
  return {
    async insertCode(code) {
      await trx
        .insertInto("enrolment_codes")
        .values({
          code_hash: code.codeHash,
          merchant_id: code.merchantId,
          node_name: code.nodeName,
          expires_at: code.expiresAt,
          agent: code.agent,
        })
        .execute();
    },
    async lockCode(codeHash) {
      const row = await trx
        .selectFrom("enrolment_codes")
        .select(["merchant_id", "node_name", "expires_at", "node_id", "agent"])
        .where("code_hash", "=", codeHash)
        .forUpdate()
        .executeTakeFirst();
      return (
        row && {
          merchantId: row.merchant_id,
          nodeName: row.node_name,
          expiresAt: row.expires_at,
          nodeId: row.node_id,
          agent: row.agent,
        }
      );
    },
    async useCode(codeHash, nodeId) {
      const result = await trx
        .updateTable("enrolment_codes")
        .set({ used_at: sql`clock_timestamp()`, node_id: nodeId })
        .where("code_hash", "=", codeHash)
        .where("used_at", "is", null)
        .executeTakeFirst();
      expectOne(result, `enrolment code of node ${nodeId}`);
    },
  };
}

function selectNodes(trx: Trx) {
  return trx
    .selectFrom("nodes")
    .select([
      "nodes.id",
      "nodes.merchant_id",
      "nodes.name",
      "nodes.public_key",
      "nodes.certificate",
      "nodes.key_from",
      "nodes.status",
      "nodes.last_sequence",
      "nodes.last_hash",
      "nodes.assertion_counter",
      "nodes.most_leases",
    ]);
}

const nodeOfId = keptQuery((trx, id: string) => selectNodes(trx).where("nodes.id", "=", id));

const lockedNode = keptQuery((trx, id: string) =>
  selectNodes(trx).where("nodes.id", "=", id).forNoKeyUpdate(),
);

const nodeOfSession = keptQuery((trx, tokenHash: Uint8Array) =>
  selectNodes(trx)
    .innerJoin("node_sessions as session", "session.node_id", "nodes.id")
    .where("session.token_hash", "=", tokenHash)
    .where("session.expires_at", ">", sql<Date>`clock_timestamp()`),
);

type SelectedNode = Awaited<ReturnType<ReturnType<typeof selectNodes>["execute"]>>[number];

function nodeRow(row: SelectedNode): NodeRow {
  return {
    id: row.id,
    merchantId: row.merchant_id,
    name: row.name,
    publicKey: bytes(row.public_key),
    certificate: bytes(row.certificate),
    keyFrom: Number(row.key_from),
    status: row.status,
    lastSequence: Number(row.last_sequence),
    lastHash: bytes(row.last_hash),
    assertionCounter: Number(row.assertion_counter),
    mostLeases: row.most_leases,
  };
}
