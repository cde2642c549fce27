/** The rows that nodes read as shapes; triggers log each change (`migrations/server/0030-shapes.sql`). */
import { toBase64 } from "#sync/base64.ts";
import type { ProjectionRows } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function projectionRows(trx: Trx): ProjectionRows {
  return {
    async putLease(row, token) {
      const change = {
        epoch_generation: row.epoch.generation,
        epoch_n: row.epoch.n,
        not_after: row.notAfter,
        lease: toBase64(row.document),
        token,
      };
      await trx
        .insertInto("shape_leases")
        .values({ node_id: row.nodeId, serial: row.serial, ...change })
        .onConflict((conflict) => conflict.columns(["node_id", "serial"]).doUpdateSet(change))
        .execute();
    },
    async removeLease(nodeId, serial) {
      await trx
        .deleteFrom("shape_leases")
        .where("node_id", "=", nodeId)
        .where("serial", "=", serial)
        .execute();
    },
    async putVerdict(nodeId, sequence, verdictList) {
      const change = { verdict_list: toBase64(verdictList) };
      await trx
        .insertInto("shape_verdicts")
        .values({ node_id: nodeId, sequence: BigInt(sequence), ...change })
        .onConflict((conflict) => conflict.columns(["node_id", "sequence"]).doUpdateSet(change))
        .execute();
    },
    async putTrust(nodeId, kind, version, document) {
      const change = { version, document: toBase64(document) };
      await trx
        .insertInto("shape_trust")
        .values({ node_id: nodeId, kind, ...change })
        .onConflict((conflict) => conflict.columns(["node_id", "kind"]).doUpdateSet(change))
        .execute();
    },
  };
}
