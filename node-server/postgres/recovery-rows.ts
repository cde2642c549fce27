/** The recovery that a restored database is in (design section 4.8). */
import { sql } from "kysely";
import type { RecoveryRows } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function recoveryRows(trx: Trx): RecoveryRows {
  return {
    async open() {
      const [row] = (await openRecovery(trx)).rows;
      return row && { generation: row.generation, until: row.until };
    },
    async lock() {
      const row = await selectOpen(trx).forUpdate().executeTakeFirst();
      return row && { generation: row.generation, until: row.until };
    },
    async countAwaited(generation) {
      const row = await trx
        .selectFrom("recovery_nodes")
        .innerJoin("nodes", "nodes.id", "recovery_nodes.node_id")
        .select(({ fn }) => fn.countAll<bigint>().as("count"))
        .where("generation", "=", generation)
        .where("uploaded_at", "is", null)
        .where("nodes.status", "<>", "revoked")
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },
    async noteUploaded(generation, nodeId) {
      await trx
        .updateTable("recovery_nodes")
        .set({ uploaded_at: sql`clock_timestamp()` })
        .where("generation", "=", generation)
        .where("node_id", "=", nodeId)
        .where("uploaded_at", "is", null)
        .execute();
    },
    async end(generation, how) {
      const result = await trx
        .updateTable("recoveries")
        .set({ ended_at: sql`clock_timestamp()`, ended_how: how })
        .where("generation", "=", generation)
        .where("ended_at", "is", null)
        .executeTakeFirst();
      expectOne(result, `recovery ${generation}`);
    },
  };
}

function selectOpen(trx: Trx) {
  return trx.selectFrom("recoveries").selectAll().where("ended_at", "is", null);
}

const openRecovery = keptQuery(selectOpen);
