/** Sealed answers beside the requests that they answer (`./request-rows.ts`), erased after their time. */
import type { SealedAnswerRows } from "../ports/store.ts";
import { bytesOrNull } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function sealedAnswerRows(trx: Trx): SealedAnswerRows {
  return {
    async put(key, sealed) {
      await trx
        .insertInto("sealed_answers")
        .values({
          institution_id: key.institutionId,
          call: key.call,
          request_id: key.requestId,
          sealed,
        })
        .execute();
    },
    async find(key) {
      const row = await trx
        .selectFrom("sealed_answers")
        .select("sealed")
        .where("institution_id", "=", key.institutionId)
        .where("call", "=", key.call)
        .where("request_id", "=", key.requestId)
        .executeTakeFirst();
      return row && bytesOrNull(row.sealed);
    },
    async eraseBefore(time) {
      const erased = await trx
        .updateTable("sealed_answers")
        .set({ sealed: null })
        .where("sealed", "is not", null)
        .where("created_at", "<", time)
        .executeTakeFirst();
      return Number(erased.numUpdatedRows);
    },
  };
}
