/** Bills, and what payer FIs have asked about them. */
import { sql } from "kysely";
import type { BillInquiryRow, BillInquiryRows, BillRow, BillRows } from "../ports/bill-rows.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function billRows(trx: Trx): BillRows {
  return {
    async lock(id) {
      const row = await selectBills(trx).where("id", "=", id).forUpdate().executeTakeFirst();
      return row && bill(row);
    },
    async find(id) {
      const row = await selectBills(trx).where("id", "=", id).executeTakeFirst();
      return row && bill(row);
    },
    async put(row) {
      const values = {
        payer_name: row.payerName,
        payer_type: row.payerType,
        payer_id: row.payerId,
        area: row.area,
        currency: row.currency,
        amount_on_due_minor: row.amountOnDueMinor,
        amount_after_due_minor: row.amountAfterDueMinor,
        due_on: row.dueOn,
        state: row.state,
      };
      await trx
        .insertInto("bills")
        .values({ id: row.id, biller_id: row.billerId, ...values })
        .onConflict((conflict) =>
          conflict.column("id").doUpdateSet({ ...values, changed_at: sql<Date>`clock_timestamp()` }),
        )
        .execute();
    },
    async setState(id, state) {
      const change = trx
        .updateTable("bills")
        .set({ state, changed_at: sql<Date>`clock_timestamp()` })
        .where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `bill ${id}`);
    },
  };
}

export function billInquiryRows(trx: Trx): BillInquiryRows {
  return {
    async insert(row) {
      const { id } = await trx
        .insertInto("bill_inquiries")
        .values({
          payer_fi_id: row.payerFiId,
          request_id: row.requestId,
          correlation_id: row.correlationId,
          biller_id: row.billerId,
          bill_id: row.billId,
          callback_url: row.callbackUrl,
          due_at: row.dueAt,
          ...answerColumns(row),
          answered_at: row.state === "found" ? sql<Date>`clock_timestamp()` : null,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },
    async find(id) {
      const row = await selectInquiries(trx).where("id", "=", id).executeTakeFirst();
      return row && inquiry(row);
    },
    async byRequest(payerFiId, requestId, billId) {
      const row = await selectInquiries(trx)
        .where("payer_fi_id", "=", payerFiId)
        .where("request_id", "=", requestId)
        .where("bill_id", "=", billId)
        .orderBy("id", "desc")
        .limit(1)
        .executeTakeFirst();
      return row && inquiry(row);
    },
    async lockUnanswered(billId, limit) {
      const rows = await selectInquiries(trx)
        .where("bill_id", "=", billId)
        .where("state", "in", ["asking", "late"])
        .orderBy("id")
        .limit(limit)
        .forUpdate()
        .execute();
      return rows.map(inquiry);
    },
    async overdue(before, limit) {
      const rows = await trx
        .selectFrom("bill_inquiries")
        .select("id")
        .where("state", "=", "asking")
        .where("due_at", "<", before)
        .orderBy("due_at")
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
    async lockAsking(id) {
      const row = await selectInquiries(trx)
        .where("id", "=", id)
        .where("state", "=", "asking")
        .forUpdate()
        .executeTakeFirst();
      return row && inquiry(row);
    },
    async answer(id, answer) {
      const change = trx
        .updateTable("bill_inquiries")
        .set({ ...answerColumns(answer), answered_at: sql<Date>`clock_timestamp()` })
        .where("id", "=", id);
      expectOne(await change.executeTakeFirst(), `bill inquiry ${id}`);
    },
  };
}

function answerColumns({ state, reason, quote }: Pick<BillInquiryRow, "state" | "reason" | "quote">) {
  return {
    state,
    reason,
    quoted_minor: quote?.amountMinor ?? null,
    currency: quote?.currency ?? null,
  };
}

function selectBills(trx: Trx) {
  return trx.selectFrom("bills").selectAll();
}

function selectInquiries(trx: Trx) {
  return trx.selectFrom("bill_inquiries").selectAll();
}

function bill(row: Awaited<ReturnType<ReturnType<typeof selectBills>["execute"]>>[number]): BillRow {
  return {
    id: row.id,
    billerId: row.biller_id,
    payerName: row.payer_name,
    payerType: row.payer_type,
    payerId: row.payer_id,
    area: row.area,
    currency: row.currency,
    amountOnDueMinor: row.amount_on_due_minor,
    amountAfterDueMinor: row.amount_after_due_minor,
    dueOn: row.due_on,
    state: row.state,
  };
}

function inquiry(
  row: Awaited<ReturnType<ReturnType<typeof selectInquiries>["execute"]>>[number],
): BillInquiryRow {
  return {
    id: row.id,
    payerFiId: row.payer_fi_id,
    requestId: row.request_id,
    correlationId: row.correlation_id,
    billerId: row.biller_id,
    billId: row.bill_id,
    callbackUrl: row.callback_url,
    dueAt: row.due_at,
    state: row.state,
    reason: row.reason,
    quote:
      row.quoted_minor === null || row.currency === null
        ? null
        : { amountMinor: row.quoted_minor, currency: row.currency },
    answeredAt: row.answered_at,
  };
}
