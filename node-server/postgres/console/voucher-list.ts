/** Vouchers as the console lists them, and the whole life of one. No number is in them: the database holds none. */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";
import type { ListSource } from "./page-of.ts";

export interface ListedVoucher extends Money {
  readonly serial: bigint;
  readonly state: string;
  readonly pending: string | null;
  readonly groupCode: string;
  readonly institutionId: string;
  readonly programId: string;
  readonly batchId: string;
  readonly node: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export const voucherList: ListSource<ListedVoucher> = {
  query: `
    select v.serial, v.state, v.pending, v.group_code as "groupCode", v.amount_minor as "amountMinor", v.currency,
      b.institution_id as "institutionId", b.program_id as "programId", b.batch_id as "batchId",
      v.created_at as "createdAt", v.expires_at as "expiresAt",
      (select n.name from leases l join nodes n on n.id = l.node_id
        where l.voucher_serial = v.serial and l.closed_at is null) as node
    from vouchers v join voucher_batches b on b.id = v.batch`,
  key: { column: "serial", type: "bigint" },
  sorts: { serial: { column: "serial", type: "bigint" } },
  descending: true,
  filters: {
    // Whatever is no serial finds nothing, and a number under a scratch panel is none.
    serial: (text) => `r.serial = case when ${text} ~ '^[0-9]{1,16}$' then ${text}::bigint end`,
    state: (text) => `r.state = ${text}`,
    group: (text) => `r."groupCode" = ${text}`,
    institution: (text) => `r."institutionId" = ${text}`,
    batch: (text) => `r."batchId" = ${text}`,
  },
};

export interface VoucherEvent {
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly after: unknown;
}

export interface VoucherClaim extends Money {
  readonly merchantId: string;
  readonly offline: boolean;
  readonly state: string;
  readonly transactionId: string;
  readonly createdAt: Date;
}

export interface VoucherLife {
  readonly voucher: ListedVoucher;
  readonly events: readonly VoucherEvent[];
  readonly claims: readonly VoucherClaim[];
}

/** The newest two hundred events. Undefined where there is no such voucher. */
export async function readVoucherLife(pool: Pool, serial: bigint): Promise<VoucherLife | undefined> {
  const found = await pool.query<ListedVoucher>(`${voucherList.query} where v.serial = $1`, [serial]);
  const [voucher] = found.rows;
  if (!voucher) return undefined;
  const events = await pool.query<VoucherEvent>(
    `select at, actor, action, after from audit_entries where subject = $1 order by id desc limit 200`,
    [`voucher:${serial}`],
  );
  const claims = await pool.query<VoucherClaim>(
    `select merchant_id as "merchantId", offline, state, transaction_id as "transactionId", amount_minor as "amountMinor",
       currency, created_at as "createdAt" from claims where voucher_serial = $1 order by created_at`,
    [serial],
  );
  return { voucher, events: events.rows, claims: claims.rows };
}
