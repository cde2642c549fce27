/** Agents: whose bills they take payments for, and the cash that they have to give back. */
import { sql } from "kysely";
import type { AgentRows, BillPaymentMeans, TopUpRow } from "../ports/bill-rows.ts";
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
    async noteGivenBack({ nodeId, payment, operation, by }) {
      const [hash, givenBack] = [Buffer.from(payment), Buffer.from(operation)];
      const { rows: listed } = await sql<{ payment: bigint; isOpen: boolean }>`
        select r.payment, r.refunded_at is null as "isOpen" from bill_refunds r join bill_payments p on p.id = r.payment
        where p.node_id = ${nodeId}::uuid and p.operation_hash = ${hash} for update of r`.execute(trx);
      if (listed.some(({ isOpen }) => !isOpen)) return false;
      const { numAffectedRows } = await sql`
        insert into bill_give_backs (node_id, payment_hash, operation_hash)
        values (${nodeId}::uuid, ${hash}, ${givenBack}) on conflict do nothing`.execute(trx);
      if (numAffectedRows !== 1n) return false;
      await sql`
        update bill_refunds set refunded_at = clock_timestamp(), refunded_by = ${by}
        where payment = any(${listed.map((row) => row.payment)}::bigint[])`.execute(trx);
      return true;
    },
    async refundsOfNode(nodeId, limit) {
      const { rows } = await sql<RefundRow>`
        select o.sequence, p.bill_id as "billId", p.amount_minor as "amountMinor", p.currency,
          coalesce(o.reason, p.reason, '-') as reason, r.listed_at as "listedAt", r.refunded_at as "refundedAt",
          r.refunded_by as "refundedBy", coalesce(m.name, f.name) as "takenBy", first.created_at as "firstAt",
          first.means as "firstMeans", first.reference as "firstReference", first.amount_minor as "firstMinor",
          first.currency as "firstCurrency"
        from bill_payments p join bill_refunds r on r.payment = p.id
        join operations o on o.node_id = p.node_id and o.hash = p.operation_hash
        left join bill_payments first on first.id = p.duplicate_of
        left join merchants m on m.id = first.merchant_id left join payer_fis f on f.id = first.payer_fi_id
        where p.node_id = ${nodeId}::uuid
        order by r.refunded_at is not null, r.listed_at desc limit ${limit}`.execute(trx);
      return rows.map(({ sequence, takenBy, firstAt, firstMeans, ...row }) => ({
        sequence: Number(sequence),
        billId: row.billId,
        amountMinor: row.amountMinor,
        currency: row.currency,
        reason: row.reason,
        listedAt: row.listedAt,
        refundedAt: row.refundedAt,
        refundedBy: row.refundedBy,
        first:
          takenBy !== null && firstAt !== null && firstMeans !== null && row.firstMinor !== null
            ? {
                takenBy,
                at: firstAt,
                means: firstMeans,
                reference: row.firstReference ?? "-",
                amountMinor: row.firstMinor,
                currency: row.firstCurrency ?? row.currency,
              }
            : null,
      }));
    },
    async topUpsOf(merchantId, limit) {
      const { rows } = await sql<TopUpRow>`
        select e.id, e.currency, e.created_at as at, -paid.amount_minor as "amountMinor",
          coalesce(debt.amount_minor, 0)::bigint as "settledMinor",
          coalesce((select sum(l.amount_minor) from journal_lines l join accounts f on f.id = l.account_id
            where f.kind = 'float' and f.owner = ${merchantId} and f.currency = e.currency and l.entry_id <= e.id),
            0)::bigint as "floatMinor"
        from journal_entries e
        join accounts a on a.kind = 'external' and a.owner = 'agent-' || ${merchantId} and a.currency = e.currency
        join journal_lines paid on paid.entry_id = e.id and paid.account_id = a.id
        left join accounts d on d.kind = 'external' and d.owner = 'agent-debt-' || ${merchantId}
          and d.currency = e.currency
        left join journal_lines debt on debt.entry_id = e.id and debt.account_id = d.id
        where e.kind = 'fund-float' order by e.id desc limit ${limit}`.execute(trx);
      return rows;
    },
  };
}

interface RefundRow {
  readonly sequence: bigint;
  readonly billId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly reason: string;
  readonly listedAt: Date;
  readonly refundedAt: Date | null;
  readonly refundedBy: string | null;
  readonly takenBy: string | null;
  readonly firstAt: Date | null;
  readonly firstMeans: BillPaymentMeans | null;
  readonly firstReference: string | null;
  readonly firstMinor: bigint | null;
  readonly firstCurrency: string | null;
}
