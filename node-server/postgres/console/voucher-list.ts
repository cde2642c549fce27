/** Vouchers and their batches as the console lists them, and the whole life of a voucher. No number is in them: the database holds none. */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";
import { is } from "./page-of.ts";
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
    state: is("state"),
    group: is("groupCode"),
    institution: is("institutionId"),
    batch: is("batchId"),
  },
};

export interface ListedVoucherBatch {
  readonly id: bigint;
  readonly batchId: string;
  readonly institutionId: string;
  readonly programId: string;
  /** How it was asked for: `request`, `file`, `reissue`, `single`, or by a batch of payments. */
  readonly kind: string;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
  readonly total: bigint;
  readonly made: bigint;
  readonly failed: bigint;
  readonly activated: bigint;
  readonly redeemed: bigint;
}

/** Batches in which vouchers are made. */
export const voucherBatchList: ListSource<ListedVoucherBatch> = {
  query: `
    select b.id, b.batch_id as "batchId", b.institution_id as "institutionId", b.program_id as "programId", b.kind,
      b.created_at as "createdAt", b.completed_at as "completedAt", i.total, i.made, i.failed, v.activated, v.redeemed
    from voucher_batches b
    cross join lateral (
      select count(*) as total, count(*) filter (where made) as made, count(failure_reason) as failed
      from voucher_instructions where batch = b.id
    ) i
    cross join lateral (
      select count(activated_at) as activated, count(*) filter (where state = 'consumed') as redeemed
      from vouchers where batch = b.id
    ) v`,
  key: { column: "id", type: "bigint" },
  sorts: { id: { column: "id", type: "bigint" } },
  descending: true,
  filters: {
    search: (text) => `starts_with(r."batchId", ${text})`,
    institution: is("institutionId"),
    programme: is("programId"),
    open: (text) => `${text} = 'yes' and r."completedAt" is null`,
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
