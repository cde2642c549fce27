/** Requests to pay, and billers' questions about them. */
import { sql } from "kysely";
import type { RequestToPayRow, RequestToPayRows } from "../ports/bill-rows.ts";
import { bytesOrNull, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function requestToPayRows(trx: Trx): RequestToPayRows {
  return {
    async insert(row) {
      const inserted = await trx
        .insertInto("requests_to_pay")
        .values({
          biller_id: row.billerId,
          request_id: row.requestId,
          rtp_id: BigInt(row.rtpId),
          bill_id: row.billId,
          payer_fi_id: row.payerFiId,
          sealed_address: row.sealedAddress,
          biller_name: row.billerName,
          currency: row.currency,
          amount_minor: row.amountMinor,
          expires_at: row.expiresAt,
        })
        .onConflict((conflict) => conflict.columns(["biller_id", "rtp_id"]).doNothing())
        .returning("id")
        .executeTakeFirst();
      return inserted?.id;
    },
    async find(id) {
      const row = await select(trx).where("id", "=", id).executeTakeFirst();
      return row && requestToPay(row);
    },
    async byRtpId(billerId, rtpId) {
      const row = await select(trx)
        .where("biller_id", "=", billerId)
        .where("rtp_id", "=", BigInt(rtpId))
        .executeTakeFirst();
      return row && requestToPay(row);
    },
    async byRequest(billerId, requestId) {
      const row = await select(trx)
        .where("biller_id", "=", billerId)
        .where("request_id", "=", requestId)
        .executeTakeFirst();
      return row && requestToPay(row);
    },
    async openOf(billId) {
      const rows = await select(trx)
        .where("bill_id", "=", billId)
        .where("state", "in", ["pending", "accepted", "paying"])
        .orderBy("id")
        .execute();
      return rows.map(requestToPay);
    },
    async update(id, { state, isAccepted, rejectReason, reason }, forgetAddress) {
      const change = trx
        .updateTable("requests_to_pay")
        .set({
          state,
          is_accepted: isAccepted,
          reject_reason: rejectReason,
          reason,
          changed_at: sql<Date>`clock_timestamp()`,
          ...(forgetAddress ? { sealed_address: null } : {}),
        })
        .where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `request to pay ${id}`);
    },
    async overdue(before, limit) {
      const rows = await trx
        .selectFrom("requests_to_pay")
        .select("id")
        .where("state", "in", ["pending", "accepted"])
        .where("expires_at", "<", before)
        .orderBy("expires_at")
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
    async noteInquiry(requestToPay, correlationId) {
      const { id } = await trx
        .insertInto("request_to_pay_inquiries")
        .values({ request_to_pay: requestToPay, correlation_id: correlationId })
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },
    async inquiry(id) {
      const row = await trx
        .selectFrom("request_to_pay_inquiries")
        .select(["request_to_pay", "correlation_id"])
        .where("id", "=", id)
        .executeTakeFirst();
      return row && { requestToPay: row.request_to_pay, correlationId: row.correlation_id };
    },
  };
}

function select(trx: Trx) {
  return trx.selectFrom("requests_to_pay").selectAll();
}

function requestToPay(
  row: Awaited<ReturnType<ReturnType<typeof select>["execute"]>>[number],
): RequestToPayRow {
  return {
    id: row.id,
    billerId: row.biller_id,
    requestId: row.request_id,
    rtpId: Number(row.rtp_id),
    billId: row.bill_id,
    payerFiId: row.payer_fi_id,
    sealedAddress: bytesOrNull(row.sealed_address),
    billerName: row.biller_name,
    currency: row.currency,
    amountMinor: row.amount_minor,
    state: row.state,
    isAccepted: row.is_accepted,
    rejectReason: row.reject_reason,
    reason: row.reason,
    expiresAt: row.expires_at,
    changedAt: row.changed_at,
  };
}
