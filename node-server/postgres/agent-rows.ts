/** Agents: whose bills they take payments for, and the cash that they have to give back. */
import type { AgentRows } from "../ports/bill-rows.ts";
import type { Trx } from "./rows.ts";

export function agentRows(trx: Trx): AgentRows {
  return {
    async takesFor(merchantId, billerId) {
      const row = await trx
        .selectFrom("agent_billers")
        .select("biller_id")
        .where("merchant_id", "=", merchantId)
        .where("biller_id", "=", billerId)
        .executeTakeFirst();
      return row !== undefined;
    },
    async listRefund(paymentId, merchantId) {
      await trx.insertInto("bill_refunds").values({ payment: paymentId, merchant_id: merchantId }).execute();
    },
  };
}
