/** Reports over all vouchers: what is in stock, what was taken up where, and leases that lie unused. */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";

export interface StockRow extends Money {
  readonly groupCode: string;
  readonly state: string;
  readonly quantity: bigint;
}

/** `which`: a condition on vouchers `v` of batches `b`. */
export function stockQuery(which = "true"): string {
  return `select v.group_code as "groupCode", v.currency, shown.state, count(*) as quantity,
      sum(v.amount_minor)::bigint as "amountMinor"
    from vouchers v join voucher_batches b on b.id = v.batch
    -- What is past its time is expired, whether or not the schedule has come to it.
    cross join lateral (select case
      when v.state in ('preActivated', 'activated', 'suspended') and v.expires_at < clock_timestamp() then 'expired'
      else v.state end as state) shown
    where ${which} group by v.group_code, v.currency, shown.state`;
}

/** Per group, currency and state, quantity and value; of one institution's vouchers, or of all. */
export async function readStock(pool: Pool, institutionId: string | null): Promise<StockRow[]> {
  const { rows } = await pool.query<StockRow>(
    `${stockQuery("$1::text is null or b.institution_id = $1")} order by 1, 2, 3`,
    [institutionId],
  );
  return rows;
}

export interface BudgetSummary {
  readonly programId: string;
  readonly groupCode: string;
  readonly currency: string;
  readonly limitMinor: bigint;
  readonly usedMinor: bigint;
  readonly redeemedMinor: bigint;
}

export const budgetsQuery = `select g.program_id as "programId", g.group_code as "groupCode", g.currency, g.limit_minor as "limitMinor",
       coalesce(sum(v.amount_minor) filter (where v.state not in ('cancelled', 'expired', 'purged') or c.id is not null),
         0)::bigint as "usedMinor",
       coalesce(sum(v.amount_minor) filter (where c.state in ('owed', 'paid')), 0)::bigint as "redeemedMinor"
     from budgets g
     left join voucher_batches b on b.program_id = g.program_id
     left join vouchers v on v.batch = b.id and v.group_code = g.group_code and v.currency = g.currency
     left join claims c on c.voucher_serial = v.serial and c.state <> 'released'
     group by g.program_id, g.group_code, g.currency, g.limit_minor`;

/** Each budget, what counts against it, and what of that is redeemed. */
export async function readBudgets(pool: Pool): Promise<BudgetSummary[]> {
  const { rows } = await pool.query<BudgetSummary>(`${budgetsQuery} order by 1, 2, 3`);
  return rows;
}

export interface TakeUpRow {
  readonly programId: string;
  readonly groupCode: string;
  readonly currency: string;
  /** Of the merchant that redeemed; null for what is not redeemed. */
  readonly area: string | null;
  readonly issued: bigint;
  readonly activated: bigint;
  readonly redeemed: bigint;
  readonly expired: bigint;
  readonly redeemedMinor: bigint;
}

/** `which`: a condition on vouchers `v` of batches `b`. */
export function takeUpQuery(which = "true"): string {
  return `select b.program_id as "programId", v.group_code as "groupCode", v.currency, m.area,
       count(*) as issued, count(v.activated_at) as activated,
       count(*) filter (where c.state in ('owed', 'paid')) as redeemed,
       count(*) filter (where v.state = 'expired') as expired,
       coalesce(sum(v.amount_minor) filter (where c.state in ('owed', 'paid')), 0)::bigint as "redeemedMinor"
     from vouchers v join voucher_batches b on b.id = v.batch
     left join claims c on c.voucher_serial = v.serial and c.state <> 'released'
     left join merchants m on m.id = c.merchant_id
     where ${which} group by 1, 2, 3, 4`;
}

/** By programme, group and area: of what was issued, how much was activated, redeemed, and left to expire. */
export async function readTakeUp(pool: Pool, programId: string | null): Promise<TakeUpRow[]> {
  const { rows } = await pool.query<TakeUpRow>(
    `${takeUpQuery("$1::text is null or b.program_id = $1")} order by 1, 2, 3, 4 nulls last`,
    [programId],
  );
  return rows;
}

export interface UnusedLease extends Money {
  readonly serial: bigint;
  readonly nodeName: string;
  readonly merchantId: string;
  readonly grantedAt: Date;
  readonly notAfter: Date;
  readonly lastContactAt: Date | null;
}

export const openLeasesQuery = `select l.voucher_serial as serial, n.name as "nodeName", n.merchant_id as "merchantId",
       l.granted_at as "grantedAt", l.not_after as "notAfter", n.last_contact_at as "lastContactAt",
       v.amount_minor as "amountMinor", v.currency
     from leases l join nodes n on n.id = l.node_id join vouchers v on v.serial = l.voucher_serial
     where l.closed_at is null`;

/** Open leases that were granted at least so many days ago, the oldest first; at most a thousand. */
export async function readUnusedLeases(pool: Pool, days: number): Promise<UnusedLease[]> {
  const { rows } = await pool.query<UnusedLease>(
    `${openLeasesQuery} and l.granted_at <= clock_timestamp() - make_interval(days => $1)
     order by l.granted_at limit 1000`,
    [days],
  );
  return rows;
}

/** Sets the levels below which an operator is alerted; null watches nothing. Both null take the row away. */
export async function setRestockLevel(
  pool: Pool,
  level: {
    readonly groupCode: string;
    readonly currency: string;
    readonly leastFundingMinor: bigint | null;
    readonly leastVouchers: number | null;
  },
): Promise<void> {
  const { groupCode, currency, leastFundingMinor, leastVouchers } = level;
  if (leastFundingMinor === null && leastVouchers === null) {
    await pool.query(`delete from restock_levels where group_code = $1 and currency = $2`, [
      groupCode,
      currency,
    ]);
    return;
  }
  await pool.query(
    `insert into restock_levels (group_code, currency, least_funding_minor, least_vouchers) values ($1, $2, $3, $4)
     on conflict (group_code, currency) do update set least_funding_minor = $3, least_vouchers = $4`,
    [groupCode, currency, leastFundingMinor, leastVouchers],
  );
}
