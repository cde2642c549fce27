/** API requests by the id their caller gave them, so that a repeated one gets its first answer. */
import type { RequestKey, RequestRows } from "../ports/store.ts";
import { bytes, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function requestRows(trx: Trx): RequestRows {
  return {
    async begin(key, bodyHash) {
      // The primary key makes the insert wait for a transaction that holds the same key and has not ended yet.
      const inserted = await trx
        .insertInto("api_requests")
        .values({
          institution_id: key.institutionId,
          call: key.call,
          request_id: key.requestId,
          body_hash: bodyHash,
        })
        .onConflict((conflict) => conflict.columns(["institution_id", "call", "request_id"]).doNothing())
        .returning("request_id")
        .executeTakeFirst();
      return inserted ? undefined : readBack(trx, key);
    },
    async answer(key, status, response) {
      const result = await trx
        .updateTable("api_requests")
        .set({ status, response })
        .where("institution_id", "=", key.institutionId)
        .where("call", "=", key.call)
        .where("request_id", "=", key.requestId)
        .executeTakeFirst();
      expectOne(result, `request ${key.requestId}`);
    },
    async forget(key) {
      await trx
        .deleteFrom("api_requests")
        .where("institution_id", "=", key.institutionId)
        .where("call", "=", key.call)
        .where("request_id", "=", key.requestId)
        .execute();
    },
  };
}

/** Locked, so that two repetitions of a request that has no answer yet do not both go on with it. */
async function readBack(trx: Trx, key: RequestKey) {
  const row = await trx
    .selectFrom("api_requests")
    .select(["body_hash", "status", "response"])
    .where("institution_id", "=", key.institutionId)
    .where("call", "=", key.call)
    .where("request_id", "=", key.requestId)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { bodyHash: bytes(row.body_hash), status: row.status, response: row.response };
}
