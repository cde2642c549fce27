/** Cash of bills that paid nothing: what was given back here, what the server tells of it, and the float's top-ups. */
import type { FirstPayment, ToldRefund, ToldTopUp } from "#sync/documents/bill-statement.ts";
import type { OperationState } from "#core/operation.machine.ts";
import type { NodeDatabase } from "../database.ts";
import { openText, sealText } from "../vault.ts";
import type { Vault } from "../vault.ts";

export interface NewRefund {
  readonly sequence: number;
  /** The sequence number of the payment that is given back. */
  readonly payment: number;
  readonly request: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly actor: string;
  readonly shift: number | null;
}

export interface RefundRecord extends NewRefund {
  readonly createdMs: number;
  readonly state: OperationState;
  readonly reason: string | null;
}

/** What the server says of a payment that is to be given back. */
export interface RefundNews {
  readonly first: FirstPayment | null;
  readonly refundedMs: number | null;
  readonly refundedBy: string | null;
}

export interface RefundStorage {
  insert(refund: NewRefund): void;
  /** Of a payment; a payment is given back once. */
  ofPayment(payment: number): RefundRecord | undefined;
  byRequest(request: string): RefundRecord | undefined;
  told(payment: number): RefundNews | undefined;
  /** Cash that paid nothing, of which nobody has said that it was given back; the oldest first. */
  open(limit: number): number[];
  countOpen(): number;
  /** Whether there is a payment to give back of which the server has not told anything. */
  hasUntold(): boolean;
  keepTold(refunds: readonly ToldRefund[], topUps: readonly ToldTopUp[]): void;
  /** The newest first. */
  topUps(limit: number): ToldTopUp[];
}

interface RefundRow {
  readonly sequence: bigint;
  readonly payment: bigint;
  readonly request_key: string | null;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly actor: string;
  readonly shift: bigint | null;
  readonly created_ms: bigint;
  readonly state: OperationState;
  readonly reason: string | null;
}

interface TopUpRow {
  readonly id: bigint;
  readonly currency: string;
  readonly amount_minor: bigint;
  readonly settled_minor: bigint;
  readonly float_minor: bigint;
  readonly at_ms: bigint;
}

/** Cash that paid nothing. Shared with whoever lists and sums payments, which say the same of each. */
export const isToGiveBack = `p.serial is null and o.state in ('rejected', 'writtenOff')
  and not exists (select 1 from bill_refunds where payment = p.sequence)
  and not exists (select 1 from told_refunds t where t.sequence = p.sequence and t.refunded_ms is not null)`;

export function createRefundStorage(database: NodeDatabase, vault: Vault): RefundStorage {
  const insert = database.prepare(
    `insert into bill_refunds (sequence, payment, request_key, amount_minor, currency, actor, shift)
     values (@sequence, @payment, @request, @amountMinor, @currency, @actor, @shift)`,
  );
  const joined =
    "select r.*, o.created_ms, o.state, o.reason from bill_refunds r join operations o using (sequence)";
  const ofPayment = database.prepare<[number], RefundRow>(`${joined} where r.payment = ?`);
  const byRequest = database.prepare<[string], RefundRow>(`${joined} where r.request_key = ?`);
  const told = database.prepare<[number], { refunded_ms: bigint | null; sealed: Buffer }>(
    "select refunded_ms, sealed from told_refunds where sequence = ?",
  );
  const payments = "bill_payments p join operations o using (sequence)";
  const open = database.prepare<[number], { sequence: bigint }>(
    `select p.sequence from ${payments} where ${isToGiveBack} order by p.sequence limit ?`,
  );
  const countOpen = database.prepare<[], { count: bigint }>(
    `select count(*) as count from ${payments} where ${isToGiveBack}`,
  );
  const untold = database.prepare<[], { sequence: bigint }>(
    `select p.sequence from ${payments} where ${isToGiveBack} and o.transaction_id is not null
       and not exists (select 1 from told_refunds t where t.sequence = p.sequence) limit 1`,
  );
  const keep = database.prepare(
    "insert or replace into told_refunds (sequence, refunded_ms, sealed) values (?, ?, ?)",
  );
  const keepTopUp = database.prepare(
    `insert into float_top_ups (id, currency, amount_minor, settled_minor, float_minor, at_ms)
     values (@id, @currency, @amountMinor, @settledMinor, @floatMinor, @atMs)`,
  );
  const topUps = database.prepare<[number], TopUpRow>("select * from float_top_ups order by id desc limit ?");
  return {
    insert: (refund) => void insert.run({ ...refund }),
    ofPayment(payment) {
      const row = ofPayment.get(payment);
      return row && rowToRefund(row);
    },
    byRequest(request) {
      const row = byRequest.get(request);
      return row && rowToRefund(row);
    },
    told(payment) {
      const row = told.get(payment);
      if (!row) return undefined;
      const text = openText(vault, row.sealed);
      const words = text === undefined ? {} : (JSON.parse(text) as Partial<SealedNews>);
      const { first = null, refundedBy = null } = words;
      return {
        first: first && { ...first, amountMinor: BigInt(first.amountMinor) },
        refundedBy,
        refundedMs: row.refunded_ms === null ? null : Number(row.refunded_ms),
      };
    },
    open: (limit) => open.all(limit).map(({ sequence }) => Number(sequence)),
    countOpen: () => Number(countOpen.get()?.count ?? 0n),
    hasUntold: () => untold.get() !== undefined,
    keepTold: (refunds, told_) =>
      database
        .transaction(() => {
          for (const { sequence, refundedAtMs, refundedBy, first } of refunds) {
            const words: SealedNews = { refundedBy, first: first && firstToJson(first) };
            keep.run(sequence, refundedAtMs, sealText(vault, JSON.stringify(words)));
          }
          database.prepare("delete from float_top_ups").run();
          for (const topUp of told_) keepTopUp.run({ ...topUp });
        })
        .immediate(),
    topUps: (limit) =>
      topUps.all(limit).map((row) => ({
        id: Number(row.id),
        currency: row.currency,
        amountMinor: row.amount_minor,
        settledMinor: row.settled_minor,
        floatMinor: row.float_minor,
        atMs: Number(row.at_ms),
      })),
  };
}

interface SealedNews {
  readonly refundedBy: string | null;
  readonly first: FirstInJson | null;
}

type FirstInJson = Omit<FirstPayment, "amountMinor"> & { readonly amountMinor: string };

function firstToJson({ takenBy, atMs, means, reference, currency, amountMinor }: FirstPayment): FirstInJson {
  return { takenBy, atMs, means, reference, currency, amountMinor: String(amountMinor) };
}

function rowToRefund(row: RefundRow): RefundRecord {
  return {
    sequence: Number(row.sequence),
    payment: Number(row.payment),
    request: row.request_key,
    amountMinor: row.amount_minor,
    currency: row.currency,
    actor: row.actor,
    shift: row.shift === null ? null : Number(row.shift),
    createdMs: Number(row.created_ms),
    state: row.state,
    reason: row.reason,
  };
}
