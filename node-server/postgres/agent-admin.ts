/** Agents as operators see them: whose bills they take payments for, their floats, and what they have to give back. */
import type { Pool } from "pg";
import type { RefundRow } from "../ports/bill-rows.ts";
import { operatorChange } from "./operator-change.ts";
import type { OperatorChange } from "./operator-change.ts";

export interface AgentBiller {
  readonly merchantId: string;
  readonly billerId: string;
  /** The area whose bills its nodes see; null for all. */
  readonly area: string | null;
}

/** From now on the merchant's nodes take payments for the biller. */
export async function putAgentBiller(pool: Pool, link: AgentBiller): Promise<void> {
  await operatorChange(pool, agentChange("agent.link", link), (client) =>
    client.query(
      `insert into agent_billers (merchant_id, biller_id, area) values ($1, $2, $3)
       on conflict (merchant_id, biller_id) do update set area = $3`,
      [link.merchantId, link.billerId, link.area],
    ),
  );
}

/** False where there was no such link. */
export async function removeAgentBiller(
  pool: Pool,
  link: Pick<AgentBiller, "merchantId" | "billerId">,
): Promise<boolean> {
  const { isNew } = await operatorChange(pool, agentChange("agent.unlink", link), (client) =>
    client.query(`delete from agent_billers where merchant_id = $1 and biller_id = $2`, [
      link.merchantId,
      link.billerId,
    ]),
  );
  return isNew;
}

function agentChange(
  action: string,
  { merchantId, billerId }: Pick<AgentBiller, "merchantId" | "billerId">,
): OperatorChange {
  return {
    action,
    subject: `merchant:${merchantId}`,
    look: [
      `select to_jsonb(a) as seen from agent_billers a where merchant_id = $1 and biller_id = $2`,
      merchantId,
      billerId,
    ],
  };
}

export interface FloatSummary {
  readonly merchantId: string;
  readonly currency: string;
  readonly floatMinor: bigint;
  /** What the agent took beyond its float, and owes. */
  readonly debtMinor: bigint;
}

export async function listFloats(pool: Pool): Promise<FloatSummary[]> {
  const { rows } = await pool.query<FloatSummary>(
    `select coalesce(f.owner, substr(d.owner, 12)) as "merchantId", coalesce(f.currency, d.currency) as currency,
       coalesce(f.balance_minor, 0) as "floatMinor", coalesce(-d.balance_minor, 0) as "debtMinor"
     from (select * from accounts where kind = 'float') f
     full join (select * from accounts where kind = 'external' and owner like 'agent-debt-%') d
       on d.owner = 'agent-debt-' || f.owner and d.currency = f.currency
     order by 1, 2`,
  );
  return rows;
}

export interface RefundSummary extends RefundRow {
  readonly firstReference: string | null;
  readonly refundedBy: string | null;
}

/** The oldest first; open ones only, unless `all`. */
export async function listRefunds(pool: Pool, all: boolean): Promise<RefundSummary[]> {
  const { rows } = await pool.query<RefundSummary>(
    `select r.payment as "paymentId", r.merchant_id as "merchantId", p.bill_id as "billId", p.reference, p.reason,
       p.amount_minor as "amountMinor", p.currency, r.listed_at as "listedAt", r.refunded_by as "refundedBy",
       first.reference as "firstReference"
     from bill_refunds r join bill_payments p on p.id = r.payment
     left join bill_payments first on first.id = p.duplicate_of
     where $1 or r.refunded_at is null order by r.listed_at limit 1000`,
    [all],
  );
  return rows;
}

/** The citizen has the money back; false where nothing of the kind is open. */
export async function markRefunded(pool: Pool, paymentId: bigint, by: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with refunded as (
       update bill_refunds set refunded_at = clock_timestamp(), refunded_by = $2
       where payment = $1 and refunded_at is null returning payment
     )
     insert into audit_entries (actor, action, subject)
     select 'operator:' || $2, 'bill.refund', 'bill-payment:' || payment from refunded`,
    [paymentId, by],
  );
  return rowCount === 1;
}
