/** The commands about bills: finding them, and taking cash or a voucher for one. */
import { amountDueMinor, isOverdue } from "#core/bill.ts";
import { localDate } from "#core/local-date.ts";
import { formatMajor } from "#core/money.ts";
import { formatSerial, normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import type { KnownBill } from "#sync/ports/shape-storage.ts";
import { floatLeft } from "../worker/pay-bill.ts";
import type { BillPaid } from "../worker/pay-bill.ts";
import type { NodeStores } from "../worker/open.ts";
import { timeOf } from "../worker/standing.ts";
import type { BillPaymentRecord } from "../worker/store/bills.ts";
import { billRefusalMessage } from "./bill-messages.ts";
import { moneyText } from "./messages.ts";
import { syncView } from "./outcomes.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";
import { clock, usage, withKey, withNode } from "./session.ts";
import type { CommandOptions } from "./session.ts";

const mostFound = 100;

export function billsCommand(options: CommandOptions): Promise<CommandResult> {
  // Payers' names are sealed under the till's key.
  return withKey(options, async (key, stores) => {
    stores.vault.unlock(key.seed);
    const { nowMs } = timeOf(stores, clock);
    const found = stores.bills.search(options.find ?? "", mostFound);
    const bills = found.map((bill) => billView(stores, bill, nowMs));
    const floats = stores.bills.floats().map(({ currency, debtMinor }) => ({
      currency,
      left: formatMajor({ amountMinor: floatLeft(stores, currency), currency }),
      owed: formatMajor({ amountMinor: debtMinor, currency }),
    }));
    const lines = bills.map(({ billId, payerName, amountDue, currency, dueOn, standing }) =>
      [billId, payerName ?? "", `${amountDue} ${currency}`, dueOn === null ? "" : `due ${dueOn}`, standing]
        .filter((cell) => cell !== "")
        .join("  "),
    );
    const gauge = floats.map(({ left, currency }) => `Float: ${left} ${currency} left.`);
    const text = [...(lines.length === 0 ? ["No such bill is known here."] : lines), ...gauge].join("\n");
    return { exitCode: exitCodes.done, text, json: { ok: true, bills, floats } };
  });
}

export function payBillCommand(options: CommandOptions): Promise<CommandResult> {
  const { bill: billId } = options;
  if (billId === undefined) return Promise.resolve(usage("pay-bill needs --bill, the number on the bill."));
  const isByVoucher = options.serial !== undefined || options.number !== undefined;
  const serial = options.serial === undefined ? undefined : parseSerial(options.serial);
  const number = options.number === undefined ? undefined : normaliseVoucherNumber(options.number);
  if (isByVoucher && (serial === undefined || number === undefined))
    return Promise.resolve(usage("To pay with a voucher give --serial and --number, as printed on it."));
  const voucher = serial !== undefined && number !== undefined ? { serial, number } : undefined;
  return withNode(options, async (node, stores) => {
    const outcome = await node.payBill({ billId, actor: options.actor ?? "unnamed", voucher });
    if (!outcome.ok) {
      const { refusal } = outcome;
      const isStopped = refusal.code === "node-stopped";
      const exitCode = isStopped ? exitCodes.stopped : exitCodes.refused;
      return failure(exitCode, refusal.code, billRefusalMessage(refusal), { outcome: "refused" });
    }
    const received = receivedView(outcome.paid);
    if (options.offline) return received;
    const synced = syncView(await node.sync(), stores);
    if (synced.exitCode !== exitCodes.done) return received;
    const record = stores.bills.ofBill(billId).find(({ sequence }) => sequence === outcome.paid.sequence);
    return record ? settledView(record, received) : received;
  });
}

function receivedView({ billId, billerName, money, serial, operationId, sequence }: BillPaid): CommandResult {
  const what = serial === null ? moneyText(money) : `voucher ${formatSerial(serial)}`;
  const reserved =
    serial === null
      ? "Received, not yet credited: the bill counts as paid when the server says so."
      : "Voucher reserved, bill payment not confirmed: it counts when the server says so.";
  const text = `RECEIVED: ${what} for bill ${billId} of ${billerName}, receipt ${operationId}. ${reserved}`;
  const json = {
    ok: true,
    outcome: "received",
    credited: false,
    billId,
    biller: billerName,
    amount: formatMajor(money),
    currency: money.currency,
    serial: serial === null ? null : formatSerial(serial),
    operationId,
    sequence,
  };
  return { exitCode: exitCodes.done, text, json };
}

/** The verdict on the same receipt number, where it is in already. */
function settledView(record: BillPaymentRecord, received: CommandResult): CommandResult {
  const { state, reason, transactionId, operationId } = record;
  const more = { ...received.json, state, reason, transactionId };
  if (state === "applied") {
    const text = `CREDITED: bill ${record.billId} is paid, receipt ${operationId}.`;
    return { exitCode: exitCodes.done, text, json: { ...more, outcome: "credited", credited: true } };
  }
  if (state === "rejected") {
    const back =
      record.serial === null ? "Give the money back: it is listed for refund." : "The voucher is free.";
    const message = `The payment of bill ${record.billId} was rejected (${reason ?? "no reason"}). ${back}`;
    return failure(exitCodes.refused, reason ?? "rejected", message, { ...more, outcome: "rejected" });
  }
  return { ...received, json: more };
}

function billView(stores: NodeStores, bill: KnownBill, nowMs: number) {
  const biller = stores.bills.biller(bill.billerId);
  const today = localDate(nowMs, biller?.timeZone ?? "UTC");
  const here = stores.bills.ofBill(bill.billId).find(({ live }) => live);
  const { currency, dueOn, payerName, area } = bill;
  return {
    billId: bill.billId,
    biller: biller?.name ?? bill.billerId,
    payerName,
    area,
    dueOn,
    amountDue: formatMajor({ amountMinor: amountDueMinor(bill, today), currency }),
    currency,
    standing: here ? "received here" : standingOf(bill, today),
    daysOverdue: daysBetween(dueOn, today),
  };
}

function standingOf(bill: KnownBill, today: string): "paid" | "being paid" | "overdue" | "open" {
  if (bill.status === "paid") return "paid";
  if (bill.status === "beingPaid") return "being paid";
  return isOverdue(bill, today) ? "overdue" : "open";
}

/** How long ago it was due; zero for what is not due yet. */
function daysBetween(dueOn: string | null, today: string): number {
  if (dueOn === null || today <= dueOn) return 0;
  return Math.round((Date.parse(today) - Date.parse(dueOn)) / 86_400_000);
}

export function billPaymentLine(record: BillPaymentRecord): string {
  const { sequence, billId, serial, state, reason } = record;
  const by = serial === null ? "cash" : `voucher ${formatSerial(serial)}`;
  const outcome = reason === null ? state : `${state} (${reason})`;
  return `${sequence}  bill ${billId}  ${moneyText(record)}  ${by}  ${outcome}`;
}

export function billPaymentView(record: BillPaymentRecord) {
  const { sequence, billId, billerId, serial, actor, operationId, state, reason, transactionId } = record;
  return {
    sequence,
    type: serial === null ? "pay-bill" : "pay-bill-with-voucher",
    billId,
    billerId,
    serial: serial === null ? null : formatSerial(serial),
    amount: formatMajor(record),
    currency: record.currency,
    actor,
    operationId,
    at: new Date(record.createdMs).toISOString(),
    state,
    reason,
    transactionId,
  };
}
