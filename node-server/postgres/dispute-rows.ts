/** Disputes: lost redemptions whose goods were given. */
import { sql } from "kysely";
import type { Selectable } from "kysely";
import type { DisputeRow, DisputeRows } from "../ports/store.ts";
import { bytes, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";
import type { Disputes } from "./node-schema.ts";

export function disputeRows(trx: Trx): DisputeRows {
  return {
    async open({ nodeId, hash, merchantId, groupCode, serial, currency, amountMinor, guaranteedMinor }) {
      await trx
        .insertInto("disputes")
        .values({
          node_id: nodeId,
          hash,
          merchant_id: merchantId,
          group_code: groupCode,
          voucher_serial: serial,
          currency,
          amount_minor: amountMinor,
          guaranteed_minor: guaranteedMinor,
        })
        .execute();
    },
    async lock(nodeId, hash) {
      const row = await trx
        .selectFrom("disputes")
        .selectAll()
        .where("node_id", "=", nodeId)
        .where("hash", "=", hash)
        .forUpdate()
        .executeTakeFirst();
      return row && disputeRow(row);
    },
    async update(row) {
      const result = await trx
        .updateTable("disputes")
        .set({
          state: row.state,
          verdict: row.verdict,
          because: row.because,
          proposed_by: row.proposedBy,
          decided_by: row.decidedBy,
          decided_at: row.decidedAt,
          first_decided_by: row.firstDecidedBy,
          appeal: row.appeal,
        })
        .where("node_id", "=", row.nodeId)
        .where("hash", "=", row.hash)
        .executeTakeFirst();
      expectOne(result, `dispute of node ${row.nodeId}`);
    },
    async ofNode(nodeId, limit) {
      const rows = await trx
        .selectFrom("disputes as d")
        .innerJoin("operations as o", (join) =>
          join.onRef("o.node_id", "=", "d.node_id").onRef("o.hash", "=", "d.hash"),
        )
        .selectAll("d")
        .select(["o.sequence", "o.reason"])
        .where("d.node_id", "=", nodeId)
        .orderBy(sql`d.state in ('paid', 'refusedFinally', 'writtenOff')`)
        .orderBy("d.opened_at", "desc")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        ...disputeRow(row),
        sequence: Number(row.sequence),
        reason: row.reason ?? "",
        openedAt: row.opened_at,
      }));
    },
  };
}

function disputeRow(row: Selectable<Disputes>): DisputeRow {
  return {
    nodeId: row.node_id,
    hash: bytes(row.hash),
    merchantId: row.merchant_id,
    groupCode: row.group_code,
    serial: row.voucher_serial,
    currency: row.currency,
    amountMinor: row.amount_minor,
    guaranteedMinor: row.guaranteed_minor,
    state: row.state,
    verdict: row.verdict,
    because: row.because,
    proposedBy: row.proposed_by,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    firstDecidedBy: row.first_decided_by,
    appeal: row.appeal,
  };
}
