/** Reports as the console lists them: each row is what others add up to. */
import type { Money } from "#core/money.ts";
import { budgetsQuery, openLeasesQuery, stockQuery, takeUpQuery } from "../report-rows.ts";
import type { BudgetSummary, StockRow, TakeUpRow, UnusedLease } from "../report-rows.ts";
import { settlementsQuery } from "../settlement-report.ts";
import type { SettlementRow } from "../settlement-report.ts";
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

/** What makes a row the only one of its kind, written in one column. */
type Keyed<Row> = Row & { readonly key: string };

function keyed(query: string, ...columns: readonly string[]): string {
  const key = columns.map((column) => `coalesce("${column}", '')`).join(` || ' ' || `);
  return `select *, ${key} as key from (${query}) keyed`;
}

const byKey = { column: "key", type: "text" } as const;

export const stockReport: ListSource<Keyed<StockRow>> = {
  query: keyed(stockQuery(), "groupCode", "currency", "state"),
  key: byKey,
  sorts: {
    group: byKey,
    quantity: { column: "quantity", type: "bigint" },
    value: { column: "amountMinor", type: "bigint" },
  },
  descending: false,
  filters: { group: is("groupCode"), currency: is("currency"), state: is("state") },
  totals: { by: "state", quantity: "quantity", amount: "amountMinor" },
};

export const budgetReport: ListSource<Keyed<BudgetSummary>> = {
  query: keyed(budgetsQuery, "programId", "groupCode", "currency"),
  key: byKey,
  sorts: { programme: byKey, used: { column: "usedMinor", type: "bigint" } },
  descending: false,
  filters: { programme: is("programId"), group: is("groupCode"), currency: is("currency") },
};

export const takeUpReport: ListSource<Keyed<TakeUpRow>> = {
  query: keyed(takeUpQuery(), "programId", "groupCode", "currency", "area"),
  key: byKey,
  sorts: {
    programme: byKey,
    issued: { column: "issued", type: "bigint" },
    redeemed: { column: "redeemed", type: "bigint" },
  },
  descending: false,
  filters: {
    programme: is("programId"),
    group: is("groupCode"),
    currency: is("currency"),
    area: is("area"),
  },
  totals: { by: "programId", quantity: "redeemed", of: "issued", amount: "redeemedMinor" },
};

export const unusedLeaseReport: ListSource<UnusedLease> = {
  query: openLeasesQuery,
  key: { column: "serial", type: "bigint" },
  sorts: { granted: { column: "grantedAt", type: "timestamptz" } },
  descending: false,
  filters: {
    days: (text) => `r."grantedAt" <= clock_timestamp() - make_interval(days => ${text}::int)`,
    merchant: is("merchantId"),
    node: is("nodeName"),
  },
  own: { merchant: "merchantId" },
};

const inDays = {
  from: (text: string) => `r.day >= ${text}::date::text`,
  until: (text: string) => `r.day <= ${text}::date::text`,
};
const byDay = { day: { column: "day", type: "text" } } as const;

export interface ListedSettlement extends SettlementRow {
  /** Of the biller's calendar: `YYYY-MM-DD`. */
  readonly day: string;
}

export const settlementReport: ListSource<Keyed<ListedSettlement>> = {
  query: keyed(settlementsQuery, "day", "billerId", "payer", "means", "currency"),
  key: byKey,
  sorts: { ...byDay, amount: { column: "amountMinor", type: "bigint" } },
  descending: true,
  filters: {
    ...inDays,
    biller: is("billerId"),
    payer: is("payer"),
    means: is("means"),
    currency: is("currency"),
  },
  own: { biller: "billerId" },
  totals: { by: "day", quantity: "payments", amount: "amountMinor" },
};

export interface ListedPayouts extends Money {
  /** UTC: `YYYY-MM-DD`. */
  readonly day: string;
  readonly merchantId: string;
  /** Null where the money stays in our own ledger. */
  readonly fspId: string | null;
  readonly payouts: bigint;
  readonly feeMinor: bigint;
}

/** What merchants were paid for redemptions. */
export const payoutReport: ListSource<Keyed<ListedPayouts>> = {
  query: keyed(
    `select to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD') as day, merchant_id as "merchantId", fsp_id as "fspId",
       currency, count(*) as payouts, sum(amount_minor)::bigint as "amountMinor", sum(fee_minor)::bigint as "feeMinor"
     from claims where state = 'paid' and merchant_id is not null group by 1, 2, 3, 4`,
    "day",
    "merchantId",
    "fspId",
    "currency",
  ),
  key: byKey,
  sorts: { ...byDay, amount: { column: "amountMinor", type: "bigint" } },
  descending: true,
  filters: { ...inDays, merchant: is("merchantId"), fsp: is("fspId"), currency: is("currency") },
  own: { merchant: "merchantId", fsp: "fspId" },
  totals: { by: "day", quantity: "payouts", amount: "amountMinor" },
};

export interface ListedFees extends Money {
  /** UTC: `YYYY-MM`. */
  readonly month: string;
  readonly kind: "redemption" | "disbursement";
  /** The voucher group, or the institution that disburses. */
  readonly owner: string;
  readonly payments: bigint;
  /** Of the fees; `amountMinor` is what they were taken of. */
  readonly feeMinor: bigint;
}

/** Every fee that was taken, once for each payout or credit that ended paid. */
const feesTaken = `
  select c.ended_at as at, 'redemption' as kind, v.group_code as owner, c.currency, c.amount_minor, c.fee_minor
  from claims c join vouchers v on v.serial = c.voucher_serial where c.state = 'paid' and c.fee_minor > 0
  union all
  select a.ended_at, 'disbursement', b.institution_id, b.currency, i.amount_minor, i.fee_minor
  from credit_instructions i join disbursement_batches b on b.id = i.batch
    join credit_attempts a on a.batch = i.batch and a.line = coalesce(i.paid_with, i.line) and a.outcome = 'paid'
  where i.state = 'paid' and i.fee_minor > 0`;

export const feeReport: ListSource<Keyed<ListedFees>> = {
  query: keyed(
    `select to_char(at at time zone 'UTC', 'YYYY-MM') as month, kind, owner, currency, count(*) as payments,
       sum(amount_minor)::bigint as "amountMinor", sum(fee_minor)::bigint as "feeMinor"
     from (${feesTaken}) taken group by 1, 2, 3, 4`,
    "month",
    "kind",
    "owner",
    "currency",
  ),
  key: byKey,
  sorts: { month: { column: "month", type: "text" }, fee: { column: "feeMinor", type: "bigint" } },
  descending: true,
  filters: { month: is("month"), kind: is("kind"), owner: is("owner"), currency: is("currency") },
  totals: { by: "owner", quantity: "payments", amount: "feeMinor" },
};

export interface ListedAccount extends Money {
  readonly id: string;
  readonly kind: string;
  readonly owner: string;
  /** What the account's entries add up to. */
  readonly journalMinor: bigint;
  /** What the vouchers, claims and payments that it stands for add up to; null where it stands for none. */
  readonly rowsMinor: bigint | null;
  readonly isWrong: boolean;
}

const unpaid = `state in ('claimed', 'unknown', 'owed')`;

/** What accounts of these kinds must hold, by the rows that they stand for. */
const standingFor = `
  select 'reserved' as kind, group_code as owner, currency, reserved_minor as minor from vouchers where reserved_minor <> 0
  union all
  select 'owed', merchant_id, currency, amount_minor from claims where ${unpaid} and merchant_id is not null
  union all
  select 'merchant', merchant_id, currency, amount_minor - fee_minor from claims where state = 'paid' and merchant_id is not null
  union all
  select 'merchant', merchant_id, currency, guaranteed_minor from disputes where state = 'paid'
  union all
  select 'fspHeld', fsp_id, currency, amount_minor from claims where ${unpaid} and liquidity_held
  union all
  select 'billHeld', biller_id, currency, amount_minor from bill_payments where state = 'advised'
  union all
  select 'biller', biller_id, currency, amount_minor from bill_payments where state = 'acknowledged'
  union all
  select 'fees', 'paypost', currency, fee_minor from (${feesTaken}) taken`;

/** The books against the journal and against what they stand for, of one moment. */
export const accountReport: ListSource<ListedAccount> = {
  query: `
    select compared.*, "amountMinor" <> "journalMinor" or "amountMinor" <> coalesce("rowsMinor", "amountMinor") as "isWrong",
      case when kind in ('fsp', 'fspHeld', 'fspDue') then owner end as "fspId",
      case when kind in ('biller', 'billHeld') then owner end as "billerId",
      case when kind in ('merchant', 'owed', 'float') then owner end as "merchantId"
    from (
      select a.id, a.kind, a.owner, a.currency, a.balance_minor as "amountMinor",
        (select coalesce(sum(l.amount_minor), 0)::bigint from journal_lines l where l.account_id = a.id) as "journalMinor",
        case when a.kind in ('reserved', 'owed', 'merchant', 'fspHeld', 'billHeld', 'biller', 'fees')
          then coalesce(s.minor, 0)::bigint end as "rowsMinor"
      from accounts a left join (
        select kind, owner, currency, sum(minor) as minor from (${standingFor}) each_row group by 1, 2, 3
      ) s using (kind, owner, currency)
    ) compared`,
  key: { column: "id", type: "text" },
  sorts: { account: { column: "id", type: "text" }, balance: { column: "amountMinor", type: "bigint" } },
  descending: false,
  filters: {
    kind: is("kind"),
    owner: is("owner"),
    currency: is("currency"),
    wrong: (text) => `${text} = 'yes' and r."isWrong"`,
  },
  own: { fsp: "fspId", biller: "billerId", merchant: "merchantId" },
};
