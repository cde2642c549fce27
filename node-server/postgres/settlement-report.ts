/** What payer FIs and billers settle: acknowledged payments of a day, as the biller's calendar has it. */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";
import type { BillPaymentMeans } from "../ports/bill-rows.ts";

export interface SettlementRow extends Money {
  readonly billerId: string;
  /** The payer FI, or the agent who took it. */
  readonly payer: string;
  /** A voucher is paid out of its programme's funding, and not by the payer FI that presented it. */
  readonly means: BillPaymentMeans;
  readonly payments: bigint;
}

export interface SettledPayment extends Money {
  readonly billerId: string;
  readonly payer: string;
  readonly means: BillPaymentMeans;
  readonly reference: string;
  readonly billId: string;
  readonly acknowledgedAt: Date;
}

/** `institutionId`: a biller or payer FI that is concerned; null for all. `date`: `YYYY-MM-DD`. */
export interface SettlementReports {
  totals(date: string, institutionId: string | null): Promise<SettlementRow[]>;
  payments(date: string, institutionId: string | null): Promise<SettledPayment[]>;
}

const acknowledged = `from bill_payments p join billers b on b.id = p.biller_id where p.state = 'acknowledged'`;

const day = `(p.answered_at at time zone b.time_zone)::date`;

const settled = `${acknowledged} and ${day} = $1::date and ($2::text is null or $2 in (p.biller_id, p.payer_fi_id))`;

const payer = `coalesce(p.payer_fi_id, p.merchant_id)`;

const totalled = `p.biller_id as "billerId", ${payer} as payer, p.means, p.currency, count(*) as payments,
  sum(p.amount_minor)::bigint as "amountMinor"`;

/** Of every day (`YYYY-MM-DD`, in the column `day`), without an order. */
export const settlementsQuery = `select ${totalled}, ${day}::text as day ${acknowledged} group by 1, 2, 3, 4, 7`;

export function settlementReports(pool: Pool): SettlementReports {
  return {
    async totals(date, institutionId) {
      const { rows } = await pool.query<SettlementRow>(
        `select ${totalled} ${settled} group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
        [date, institutionId],
      );
      return rows;
    },
    async payments(date, institutionId) {
      const { rows } = await pool.query<SettledPayment>(
        `select p.biller_id as "billerId", ${payer} as payer, p.means, p.currency, p.amount_minor as "amountMinor",
           p.reference, p.bill_id as "billId", p.answered_at as "acknowledgedAt"
         ${settled} order by p.biller_id, 2, p.id`,
        [date, institutionId],
      );
      return rows;
    },
  };
}
