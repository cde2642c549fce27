/** What people propose about held operations, and decide. */
import { sql } from "kysely";
import type { HeldDecisionRows } from "../ports/store.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function heldDecisionRows(trx: Trx): HeldDecisionRows {
  return {
    async propose({ nodeId, hash, verdict, because, by }) {
      const proposed = await trx
        .insertInto("held_decisions")
        .values({ node_id: nodeId, hash, verdict, because, proposed_by: by })
        .onConflict((conflict) =>
          conflict.columns(["node_id", "hash"]).where("withdrawn_at", "is", null).doNothing(),
        )
        .returning("id")
        .executeTakeFirst();
      return proposed !== undefined;
    },
    async lockProposal(nodeId, hash) {
      const row = await trx
        .selectFrom("held_decisions")
        .select(["id", "verdict", "because", "proposed_by"])
        .where("node_id", "=", nodeId)
        .where("hash", "=", hash)
        .where("withdrawn_at", "is", null)
        .where("decided_at", "is", null)
        .forUpdate()
        .executeTakeFirst();
      return row && { id: row.id, verdict: row.verdict, because: row.because, by: row.proposed_by };
    },
    async decide(id, by) {
      const result = await trx
        .updateTable("held_decisions")
        .set({ decided_by: by, decided_at: sql`clock_timestamp()` })
        .where("id", "=", id)
        .executeTakeFirst();
      expectOne(result, `proposal ${id}`);
    },
    async withdraw(id) {
      const result = await trx
        .updateTable("held_decisions")
        .set({ withdrawn_at: sql`clock_timestamp()` })
        .where("id", "=", id)
        .executeTakeFirst();
      expectOne(result, `proposal ${id}`);
    },
  };
}
