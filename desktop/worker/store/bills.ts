/** An agent's bills in SQLite: what its server says of them, and what this till took for them. */
import type { OperationState } from "#core/operation.machine.ts";
import type { KnownBill, KnownBiller, KnownFloat, ShapeChange } from "#sync/ports/shape-storage.ts";
import type { NodeDatabase } from "../database.ts";
import type { Vault } from "../vault.ts";
import { createPayerNames } from "./payer-names.ts";

export interface NewBillPayment {
  readonly sequence: number;
  readonly billId: string;
  readonly billerId: string;
  /** Null for cash. */
  readonly serial: bigint | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly actor: string;
  /** Whose cash drawer it went into, and whose totals it counts in; null for what no cashier did. */
  readonly shift: number | null;
  /** The id of the request; a second one of that id is the first one. */
  readonly request: string | null;
}

/** A payment together with what became of its operation. */
export interface BillPaymentRecord extends NewBillPayment {
  readonly operationId: string;
  readonly hash: Uint8Array;
  /** Whether the server's signed word on it is here. */
  readonly hasVerdict: boolean;
  readonly createdMs: number;
  readonly live: boolean;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly transactionId: string | null;
  readonly decidedMs: number | null;
}

export interface BillStorage {
  bill(billId: string): KnownBill | undefined;
  biller(billerId: string): KnownBiller | undefined;
  /** Whose prefix the bill id begins with. */
  billerOf(billId: string): KnownBiller | undefined;
  billers(): KnownBiller[];
  /** Those whose id begins with the text, or whose payer's name holds it; the ones that are due first. */
  search(text: string, limit: number): KnownBill[];
  float(currency: string): KnownFloat | undefined;
  floats(): KnownFloat[];
  /** Cash that this till took and that is not in the server's float yet, rejected one apart. */
  uncountedCash(currency: string, counted: number): bigint;
  insert(payment: NewBillPayment & { readonly payerName: string | null }): void;
  find(sequence: number): BillPaymentRecord | undefined;
  byRequest(request: string): BillPaymentRecord | undefined;
  /** Whose bill it was, as it was known when the money was taken. */
  payerOf(sequence: number): string | null;
  /** All payments of one bill on this till, the newest first. */
  ofBill(billId: string): BillPaymentRecord[];
  /** Whether a voucher pays a bill here, or is about to. */
  isPaying(serial: bigint): boolean;
  /** In order of their operations. */
  list(after: number, limit: number): BillPaymentRecord[];
  /** Seals what an earlier version left in clear. */
  sealRest(): void;
}

type BillChange = Extract<ShapeChange, { readonly type: "biller" | "bill" | "float" | "bill-row-gone" }>;

export function createBillRowWriter(
  database: NodeDatabase,
  vault: Vault,
): (load: number, change: BillChange) => void {
  const names = createPayerNames(vault);
  const putBiller = database.prepare(
    `insert or replace into billers (load, biller_id, name, prefix, own_digits, check_digit, time_zone, voucher_groups)
     values (@load, @billerId, @name, @prefix, @ownDigits, @checkDigit, @timeZone, @groups)`,
  );
  const putBill = database.prepare(
    `insert or replace into bills (load, bill_id, biller_id, sealed_payer, area, currency, amount_on_due_minor,
       amount_after_due_minor, due_on, status)
     values (@load, @billId, @billerId, @sealedPayer, @area, @currency, @amountOnDueMinor, @amountAfterDueMinor, @dueOn,
       @status)`,
  );
  const putFloat = database.prepare(
    `insert or replace into floats (load, currency, float_minor, debt_minor, counted)
     values (@load, @currency, @floatMinor, @debtMinor, @counted)`,
  );
  const drop = {
    billers: database.prepare("delete from billers where load = ? and biller_id = ?"),
    bills: database.prepare("delete from bills where load = ? and bill_id = ?"),
    floats: database.prepare("delete from floats where load = ? and currency = ?"),
  };
  return (load, change) => {
    switch (change.type) {
      case "biller": {
        const { voucherGroups, ...biller } = change.biller;
        putBiller.run({ load, ...biller, groups: voucherGroups.join(",") });
        return;
      }
      case "bill": {
        const { payerName, ...bill } = change.bill;
        putBill.run({ load, ...bill, sealedPayer: names.seal(payerName) });
        return;
      }
      case "float":
        putFloat.run({ load, ...change.float });
        return;
      case "bill-row-gone":
        drop[change.shape].run(load, change.id);
    }
  };
}

interface BillerRow {
  readonly biller_id: string;
  readonly name: string;
  readonly prefix: string;
  readonly own_digits: bigint | null;
  readonly check_digit: KnownBiller["checkDigit"];
  readonly time_zone: string;
  readonly voucher_groups: string;
}

interface BillRow {
  readonly bill_id: string;
  readonly biller_id: string;
  /** In clear: of an earlier version, until it is sealed. */
  readonly payer_name: string | null;
  readonly sealed_payer: Buffer | null;
  readonly area: string | null;
  readonly currency: string;
  readonly amount_on_due_minor: bigint;
  readonly amount_after_due_minor: bigint;
  readonly due_on: string | null;
  readonly status: KnownBill["status"];
}

interface FloatRow {
  readonly currency: string;
  readonly float_minor: bigint;
  readonly debt_minor: bigint;
  readonly counted: bigint;
}

interface PaymentRow {
  readonly sequence: bigint;
  readonly bill_id: string;
  readonly biller_id: string;
  readonly serial: bigint | null;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly actor: string;
  readonly live: bigint;
  readonly shift: bigint | null;
  readonly request_key: string | null;
  readonly sealed_payer: Buffer | null;
  readonly operation_id: string;
  readonly hash: Buffer;
  readonly has_verdict: bigint;
  readonly created_ms: bigint;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly transaction_id: string | null;
  readonly decided_ms: bigint | null;
}

export function createBillStorage(database: NodeDatabase, vault: Vault): BillStorage {
  const names = createPayerNames(vault);
  const counting = (shape: string) => `load = (select load from shape_heads where name = '${shape}')`;
  const joined = `select p.*, o.operation_id, o.hash, o.created_ms, o.state, o.reason, o.transaction_id, o.decided_ms,
      o.verdict_list is not null as has_verdict from bill_payments p join operations o using (sequence)`;
  const bill = database.prepare<[string], BillRow>(
    `select * from bills where ${counting("bills")} and bill_id = ?`,
  );
  const biller = database.prepare<[string], BillerRow>(
    `select * from billers where ${counting("billers")} and biller_id = ?`,
  );
  const billerOf = database.prepare<[string], BillerRow>(
    `select * from billers where ${counting("billers")} and instr(?, prefix) = 1`,
  );
  const billers = database.prepare<[], BillerRow>(
    `select * from billers where ${counting("billers")} order by name, biller_id`,
  );
  const dueFirst = database.prepare<[], BillRow>(
    `select * from bills where ${counting("bills")} order by status <> 'open', due_on is null, due_on, bill_id`,
  );
  const float = database.prepare<[string], FloatRow>(
    `select * from floats where ${counting("floats")} and currency = ?`,
  );
  const floats = database.prepare<[], FloatRow>(
    `select * from floats where ${counting("floats")} order by currency`,
  );
  const uncounted = database.prepare<[string, number], { sum: bigint }>(
    `select coalesce(sum(amount_minor), 0) as sum from bill_payments
     where serial is null and live = 1 and currency = ? and sequence > ?`,
  );
  const insert = database.prepare(
    `insert into bill_payments (sequence, bill_id, biller_id, serial, amount_minor, currency, actor, shift, request_key,
       sealed_payer)
     values (@sequence, @billId, @billerId, @serial, @amountMinor, @currency, @actor, @shift, @request, @sealedPayer)`,
  );
  const bySequence = database.prepare<[number], PaymentRow>(`${joined} where p.sequence = ?`);
  const byRequest = database.prepare<[string], PaymentRow>(`${joined} where p.request_key = ?`);
  const ofBill = database.prepare<[string], PaymentRow>(
    `${joined} where p.bill_id = ? order by p.sequence desc`,
  );
  const paying = database.prepare<[bigint], { sequence: bigint }>(
    "select sequence from bill_payments where serial = ? and live = 1",
  );
  const following = database.prepare<[number, number], PaymentRow>(
    `${joined} where p.sequence > ? order by p.sequence limit ?`,
  );
  const inClear = database.prepare<[], { load: bigint; bill_id: string; payer_name: string }>(
    "select load, bill_id, payer_name from bills where payer_name is not null limit 500",
  );
  const seal = database.prepare(
    "update bills set sealed_payer = @sealedPayer, payer_name = null where load = @load and bill_id = @billId",
  );
  const rowToBill = (row: BillRow): KnownBill => ({
    billId: row.bill_id,
    billerId: row.biller_id,
    payerName: row.payer_name ?? names.open(row.sealed_payer),
    area: row.area,
    currency: row.currency,
    amountOnDueMinor: row.amount_on_due_minor,
    amountAfterDueMinor: row.amount_after_due_minor,
    dueOn: row.due_on,
    status: row.status,
  });
  return {
    bill(billId) {
      const row = bill.get(billId);
      return row && rowToBill(row);
    },
    biller(billerId) {
      const row = biller.get(billerId);
      return row && rowToBiller(row);
    },
    billerOf(billId) {
      const row = billerOf.get(billId);
      return row && rowToBiller(row);
    },
    billers: () => billers.all().map(rowToBiller),
    search(text, limit) {
      const wanted = text.trim().toLocaleLowerCase();
      const found: KnownBill[] = [];
      for (const row of dueFirst.iterate()) {
        if (found.length >= limit) break;
        const bill = rowToBill(row);
        const isNamed = bill.payerName?.toLocaleLowerCase().includes(wanted) === true;
        if (isNamed || bill.billId.toLocaleLowerCase().startsWith(wanted)) found.push(bill);
      }
      return found;
    },
    float(currency) {
      const row = float.get(currency);
      return row && rowToFloat(row);
    },
    floats: () => floats.all().map(rowToFloat),
    uncountedCash: (currency, counted) => uncounted.get(currency, counted)?.sum ?? 0n,
    insert: ({ payerName, ...payment }) =>
      void insert.run({ ...payment, sealedPayer: names.seal(payerName) }),
    find(sequence) {
      const row = bySequence.get(sequence);
      return row && rowToPayment(row);
    },
    byRequest(request) {
      const row = byRequest.get(request);
      return row && rowToPayment(row);
    },
    payerOf: (sequence) => names.open(bySequence.get(sequence)?.sealed_payer ?? null),
    ofBill: (billId) => ofBill.all(billId).map(rowToPayment),
    isPaying: (serial) => paying.get(serial) !== undefined,
    list: (after, limit) => following.all(after, limit).map(rowToPayment),
    sealRest() {
      const some = database.transaction(() => {
        const rows = inClear.all();
        for (const { load, bill_id: billId, payer_name: name } of rows)
          seal.run({ load, billId, sealedPayer: names.seal(name) });
        return rows.length;
      });
      let sealed = 0;
      for (let last = some.immediate(); last > 0; last = some.immediate()) sealed += last;
      // The log still holds the pages as they were.
      if (sealed > 0) database.pragma("wal_checkpoint(truncate)");
    },
  };
}

function rowToBiller(row: BillerRow): KnownBiller {
  return {
    billerId: row.biller_id,
    name: row.name,
    prefix: row.prefix,
    ownDigits: row.own_digits === null ? null : Number(row.own_digits),
    checkDigit: row.check_digit,
    timeZone: row.time_zone,
    voucherGroups: row.voucher_groups.split(",").filter((code) => code !== ""),
  };
}

function rowToFloat({ currency, float_minor, debt_minor, counted }: FloatRow): KnownFloat {
  return { currency, floatMinor: float_minor, debtMinor: debt_minor, counted: Number(counted) };
}

function rowToPayment(row: PaymentRow): BillPaymentRecord {
  return {
    sequence: Number(row.sequence),
    billId: row.bill_id,
    billerId: row.biller_id,
    serial: row.serial,
    amountMinor: row.amount_minor,
    currency: row.currency,
    actor: row.actor,
    shift: row.shift === null ? null : Number(row.shift),
    request: row.request_key,
    operationId: row.operation_id,
    hash: Uint8Array.from(row.hash),
    hasVerdict: row.has_verdict === 1n,
    createdMs: Number(row.created_ms),
    live: row.live === 1n,
    state: row.state,
    reason: row.reason,
    transactionId: row.transaction_id,
    decidedMs: row.decided_ms === null ? null : Number(row.decided_ms),
  };
}
