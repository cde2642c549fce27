/** Payments of bills, at most one of a bill that is advised or acknowledged (the index `one_live_bill_payment`). */
import { sql } from "kysely";
import type { BillPaymentRow, BillPaymentRows } from "../ports/bill-rows.ts";
import { bytes, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

/** When the biller is told again for the first time. */
const firstReminder = sql<Date>`clock_timestamp() + interval '1 minute'`;

export function billPaymentRows(trx: Trx): BillPaymentRows {
  return {
    async insert(row) {
      const { id } = await trx
        .insertInto("bill_payments")
        .values({
          biller_id: row.billerId,
          bill_id: row.billId,
          payer_fi_id: row.payerFiId,
          merchant_id: row.merchantId,
          node_id: row.operation?.nodeId ?? null,
          operation_hash: row.operation?.hash ?? null,
          debt_minor: row.debtMinor,
          request_id: row.requestId,
          reference: row.reference,
          means: row.means,
          callback_url: row.callbackUrl,
          amount_minor: row.money?.amountMinor ?? null,
          currency: row.money?.currency ?? null,
          claim_id: row.claimId,
          request_to_pay: row.requestToPay,
          state: row.state,
          reject_reason: row.rejectReason,
          reason: row.reason,
          duplicate_of: row.duplicateOf,
          remind_at: row.state === "advised" ? firstReminder : null,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },
    async find(id) {
      const row = await select(trx).where("id", "=", id).executeTakeFirst();
      return row && payment(row);
    },
    async byRequest(payerFiId, requestId, means) {
      const row = await select(trx)
        .where("payer_fi_id", "=", payerFiId)
        .where("request_id", "=", requestId)
        .where("means", "=", means)
        .executeTakeFirst();
      return row && payment(row);
    },
    async live(billId) {
      const row = await select(trx)
        .where("bill_id", "=", billId)
        .where("state", "in", ["advised", "acknowledged"])
        .executeTakeFirst();
      return row && payment(row);
    },
    async settle(id, { state, rejectReason, reason }) {
      const change = trx
        .updateTable("bill_payments")
        .set({
          state,
          reject_reason: rejectReason,
          reason,
          answered_at: sql<Date>`clock_timestamp()`,
          remind_at: null,
        })
        .where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `bill payment ${id}`);
    },
    async toRemind(before, limit) {
      const rows = await trx
        .selectFrom("bill_payments")
        .select("id")
        .where("state", "=", "advised")
        .where("remind_at", "<", before)
        .orderBy("remind_at")
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
    async remindAgainAt(id, at) {
      const { numUpdatedRows } = await trx
        .updateTable("bill_payments")
        .set({ reminders: sql`reminders + 1`, remind_at: at })
        .where("id", "=", id)
        .where("state", "=", "advised")
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}

function select(trx: Trx) {
  return trx.selectFrom("bill_payments").selectAll();
}

function payment(row: Awaited<ReturnType<ReturnType<typeof select>["execute"]>>[number]): BillPaymentRow {
  return {
    id: row.id,
    billerId: row.biller_id,
    billId: row.bill_id,
    payerFiId: row.payer_fi_id,
    merchantId: row.merchant_id,
    operation:
      row.node_id === null || row.operation_hash === null
        ? null
        : { nodeId: row.node_id, hash: bytes(row.operation_hash) },
    debtMinor: row.debt_minor,
    requestId: row.request_id,
    reference: row.reference,
    means: row.means,
    callbackUrl: row.callback_url,
    money:
      row.amount_minor === null || row.currency === null
        ? null
        : { amountMinor: row.amount_minor, currency: row.currency },
    claimId: row.claim_id,
    requestToPay: row.request_to_pay,
    state: row.state,
    rejectReason: row.reject_reason,
    reason: row.reason,
    duplicateOf: row.duplicate_of,
    reminders: row.reminders,
  };
}
