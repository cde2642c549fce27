/** The numbers of the console's first page. */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";

export interface StateCount extends Money {
  readonly state: string;
  readonly quantity: bigint;
}

export interface DayCount extends Money {
  readonly day: string;
  readonly quantity: bigint;
}

export interface Overview {
  /** Paid redemptions of the last fortnight, by day (UTC) and currency; days without one are missing. */
  readonly redeemed: readonly DayCount[];
  /** Claims that are not paid out yet. */
  readonly unpaid: readonly StateCount[];
  readonly disputed: readonly StateCount[];
  readonly vouchers: readonly StateCount[];
  readonly waiting: { readonly held: bigint; readonly undelivered: bigint; readonly alerts: bigint };
  readonly nodes: { readonly active: bigint; readonly stopped: bigint; readonly silent: bigint };
  readonly silent: readonly {
    readonly id: string;
    readonly name: string;
    readonly lastContactAt: Date | null;
  }[];
}

/** `silentHours`: a node that was not in contact for so long is told of. */
export async function readOverview(pool: Pool, silentHours: number): Promise<Overview> {
  const rows = async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
    (await pool.query<Row>(sql, [...values])).rows;
  const isSilent = `status = 'active' and coalesce(last_contact_at, enrolled_at) < clock_timestamp() - make_interval(hours => $1)`;
  const [redeemed, unpaid, disputed, vouchers, waiting, nodes, silent] = await Promise.all([
    rows<DayCount>(
      `select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as day, currency, count(*) as quantity,
         sum(amount_minor)::bigint as "amountMinor"
       from claims where state in ('paid', 'owed', 'claimed', 'unknown')
         and created_at > date_trunc('day', clock_timestamp() at time zone 'UTC') at time zone 'UTC' - interval '13 days'
       group by 1, 2 order by 1, 2`,
    ),
    rows<StateCount>(
      `select state, currency, count(*) as quantity, sum(amount_minor)::bigint as "amountMinor" from claims
       where state in ('owed', 'unknown', 'claimed') group by 1, 2 order by 1, 2`,
    ),
    rows<StateCount>(
      `select state, currency, count(*) as quantity, sum(amount_minor)::bigint as "amountMinor" from disputes
       where state not in ('paid', 'refusedFinally', 'writtenOff') group by 1, 2 order by 1, 2`,
    ),
    rows<StateCount>(
      `select case when state in ('preActivated', 'activated', 'suspended') and expires_at < clock_timestamp()
           then 'expired' else state end as state,
         currency, count(*) as quantity, sum(amount_minor)::bigint as "amountMinor"
       from vouchers group by 1, 2 order by 1, 2`,
    ),
    rows<Overview["waiting"]>(
      `select (select count(*) from operations where state = 'held') as held,
         (select count(*) from callbacks where state = 'undeliverable') as undelivered,
         (select count(*) from alerts where ended_at is null) as alerts`,
    ),
    rows<Overview["nodes"]>(
      `select count(*) filter (where status = 'active') as active, count(*) filter (where status <> 'active') as stopped,
         count(*) filter (where ${isSilent}) as silent from nodes`,
      [silentHours],
    ),
    rows<Overview["silent"][number]>(
      `select id, name, last_contact_at as "lastContactAt" from nodes where ${isSilent}
       order by coalesce(last_contact_at, enrolled_at) limit 5`,
      [silentHours],
    ),
  ]);
  return { redeemed, unpaid, disputed, vouchers, waiting: waiting[0]!, nodes: nodes[0]!, silent };
}
