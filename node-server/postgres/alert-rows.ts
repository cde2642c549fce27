/** Alerts for operators, raised and ended in the transaction of what they tell. */
import { sql } from "kysely";
import type { AlertRows } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function alertRows(trx: Trx): AlertRows {
  return {
    async raise(kind, subject, detail) {
      const raised = await trx
        .insertInto("alerts")
        .values({ kind, subject, detail: JSON.stringify(detail) })
        .onConflict((conflict) =>
          conflict.columns(["kind", "subject"]).where("ended_at", "is", null).doNothing(),
        )
        .returning("id")
        .executeTakeFirst();
      return raised !== undefined;
    },
    async end(kind, subject) {
      const ended = await trx
        .updateTable("alerts")
        .set({ ended_at: sql`clock_timestamp()` })
        .where("kind", "=", kind)
        .where("subject", "=", subject)
        .where("ended_at", "is", null)
        .executeTakeFirst();
      return ended.numUpdatedRows > 0n;
    },
    async takeUntold(limit) {
      const untold = trx
        .selectFrom("alerts")
        .select("id")
        .where("told_at", "is", null)
        .orderBy("id")
        .limit(limit)
        .forUpdate()
        .skipLocked();
      return trx
        .updateTable("alerts")
        .set({ told_at: sql`clock_timestamp()` })
        .where("id", "in", untold)
        .returning(["id", "kind", "subject"])
        .execute();
    },
  };
}
