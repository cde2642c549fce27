/** The outbox of callbacks: one row for each thing that a caller is told of. */
import { sql } from "kysely";
import type { CallbackRow, CallbackRows } from "../ports/store.ts";
import { isOf } from "./requested-at.ts";
import type { Trx } from "./rows.ts";

export function callbackRows(trx: Trx): CallbackRows {
  return {
    async request({ institutionId, kind, subject, url, correlationId }) {
      const { id } = await trx
        .insertInto("callbacks")
        .values({ institution_id: institutionId, kind, subject, url, correlation_id: correlationId })
        .onConflict((conflict) =>
          conflict.columns(["kind", "subject"]).doUpdateSet({ url, correlation_id: correlationId, ...asNew }),
        )
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },
    async find(id) {
      const row = await select(trx).where("id", "=", id).executeTakeFirst();
      return row && callback(row);
    },
    async stateOf(kind, subject) {
      const row = await select(trx)
        .where("kind", "=", kind)
        .where("subject", "=", subject)
        .executeTakeFirst();
      return row?.state;
    },
    async recordTry({ id, requestedAt }, { state, status, error }) {
      const result = await trx
        .updateTable("callbacks")
        .set({
          state,
          tries: sql`tries + 1`,
          last_tried_at: sql`clock_timestamp()`,
          last_status: status,
          last_error: error,
          delivered_at: state === "delivered" ? sql`clock_timestamp()` : null,
        })
        .where("id", "=", id)
        .where("state", "<>", "delivered")
        .where(isOf(requestedAt))
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async undelivered(institutionId, { index, size }) {
      const { total } = await trx
        .selectFrom("callbacks")
        .select((eb) => eb.fn.countAll<bigint>().as("total"))
        .where("institution_id", "=", institutionId)
        .where("state", "<>", "delivered")
        .executeTakeFirstOrThrow();
      const rows = await select(trx)
        .where("institution_id", "=", institutionId)
        .where("state", "<>", "delivered")
        .orderBy("id", "desc")
        .limit(size)
        .offset(index * size)
        .execute();
      return { total: Number(total), rows: rows.map(callback) };
    },
    async resend(institutionId, id) {
      const result = await trx
        .updateTable("callbacks")
        .set(asNew)
        .where("institution_id", "=", institutionId)
        .where("id", "=", id)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async forgotten(limit) {
      const rows = await trx
        .selectFrom("callbacks")
        .select("id")
        .where("state", "=", "waiting")
        .where("last_tried_at", "is", null)
        .where("requested_at", "<", sql<Date>`clock_timestamp() - interval '20 seconds'`)
        .orderBy("requested_at")
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}

const asNew = {
  state: "waiting",
  requested_at: sql<Date>`clock_timestamp()`,
  tries: 0,
  last_tried_at: null,
  last_status: null,
  last_error: null,
  delivered_at: null,
} as const;

function select(trx: Trx) {
  return trx
    .selectFrom("callbacks")
    .select([
      "id",
      "institution_id",
      "kind",
      "subject",
      "url",
      "state",
      "requested_at",
      "tries",
      "last_tried_at",
      "last_status",
      "last_error",
      "correlation_id",
    ]);
}

type Selected = Awaited<ReturnType<ReturnType<typeof select>["execute"]>>[number];

function callback(row: Selected): CallbackRow {
  return {
    id: row.id,
    institutionId: row.institution_id,
    kind: row.kind,
    subject: row.subject,
    url: row.url,
    state: row.state,
    requestedAt: row.requested_at,
    tries: row.tries,
    lastTriedAt: row.last_tried_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
    correlationId: row.correlation_id,
  };
}
