/** Redemptions whose outcome goes out by callback. */
import { sql } from "kysely";
import type { RedemptionRequestRow, RedemptionRequestRows } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import type { Trx } from "./rows.ts";

export function redemptionRequestRows(trx: Trx): RedemptionRequestRows {
  return {
    async insert(row) {
      const { id } = await trx
        .insertInto("redemption_requests")
        .values({
          institution_id: row.institutionId,
          request_id: row.requestId,
          serial_number: row.serialNumber,
          callback_url: row.callbackUrl,
          claim_id: row.claimId,
          refusal: row.refusal,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },
    async find(id) {
      const row = await select(trx).where("id", "=", id).executeTakeFirst();
      return row && redemptionRequest(row);
    },
    async byRequest(institutionId, requestId) {
      const row = await select(trx)
        .where("institution_id", "=", institutionId)
        .where("request_id", "=", requestId)
        .executeTakeFirst();
      return row && redemptionRequest(row);
    },
    byClaim: async (claimId) => (await byClaims(trx, [claimId]))[0],
    byClaims: (claimIds) => byClaims(trx, claimIds),
  };
}

const requestsOfClaims = keptQuery((trx, claimIds: readonly string[]) =>
  select(trx).where(sql<boolean>`claim_id = any(${claimIds}::uuid[])`),
);

async function byClaims(trx: Trx, claimIds: readonly string[]): Promise<RedemptionRequestRow[]> {
  return (await requestsOfClaims(trx, claimIds)).rows.map(redemptionRequest);
}

function select(trx: Trx) {
  return trx
    .selectFrom("redemption_requests")
    .select([
      "id",
      "institution_id",
      "request_id",
      "serial_number",
      "callback_url",
      "claim_id",
      "refusal",
      "created_at",
    ]);
}

type Selected = Awaited<ReturnType<ReturnType<typeof select>["execute"]>>[number];

function redemptionRequest(row: Selected): RedemptionRequestRow {
  return {
    id: row.id,
    institutionId: row.institution_id,
    requestId: row.request_id,
    serialNumber: row.serial_number,
    callbackUrl: row.callback_url,
    claimId: row.claim_id,
    refusal: row.refusal,
    createdAt: row.created_at,
  };
}
