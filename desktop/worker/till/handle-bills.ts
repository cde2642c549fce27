/** Bills: finding one, taking cash or a voucher for it, what became of it, and giving back what paid nothing. */
import { parseMajor, formatMajor } from "#core/money.ts";
import { formatSerial, normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import type { BillPayloads, BillVoucher } from "../../protocol.ts";
import { floatLeft } from "../pay-bill.ts";
import type { PayingVoucher } from "../pay-bill.ts";
import { cashierOf, done, nodeOf, refused } from "./answers.ts";
import {
  billRefusalView,
  billTotalsView,
  billView,
  floatsView,
  paymentDetail,
  paymentView,
  refundRefusalView,
} from "./bill-views.ts";
import type { Desk, Handlers } from "./till.ts";

const mostFound = 50;
const pageSize = 50;
const mostRefunds = 200;

export function billHandlers(desk: Desk): Pick<Handlers, keyof BillPayloads> {
  const { stores } = desk.parts;
  const { bills, refunds, billHistory } = stores;
  const asOfMs = (): number | null => stores.shapeAge("bills") ?? null;
  return {
    "bill-desk": () => ({
      billers: bills.billers().map(({ billerId, name, prefix, ownDigits, checkDigit }) => ({
        billerId,
        name,
        prefix,
        ownDigits,
        checkDigit,
      })),
      floats: floatsView(stores),
      topUps: refunds.topUps(20).map(({ id, atMs, settledMinor, ...money }) => ({
        id,
        atMs,
        currency: money.currency,
        amount: formatMajor(money),
        settled: formatMajor({ amountMinor: settledMinor, currency: money.currency }),
      })),
      asOfMs: asOfMs(),
    }),
    "find-bills"({ search }) {
      const found = bills.search(search, mostFound + 1);
      const shown = found.slice(0, mostFound).map((bill) => billView(stores, bill, desk.nowMs()));
      return { bills: shown, more: found.length > mostFound, asOfMs: asOfMs() };
    },
    bill({ billId }) {
      const bill = bills.bill(billId);
      if (!bill) return refused(bills.billerOf(billId) ? "unknown-bill" : "unknown-biller");
      const takesVouchers = (bills.biller(bill.billerId)?.voucherGroups.length ?? 0) > 0;
      const sequence = bills.ofBill(billId)[0]?.sequence ?? null;
      return {
        ok: true,
        ...billView(stores, bill, desk.nowMs()),
        asOfMs: asOfMs(),
        sequence,
        takesVouchers,
      };
    },
    async "check-bill"({ billId, voucher }) {
      const checked = await nodeOf(desk).checkPayment({ billId, voucher: voucherOf(voucher) });
      if (!checked.ok) return billRefusalView(checked.refusal);
      const { bill, money, serial } = checked;
      const leftMinor = floatLeft(stores, money.currency);
      const major = (amountMinor: bigint) => formatMajor({ amountMinor, currency: money.currency });
      return {
        ok: true,
        ...billView(stores, bill, desk.nowMs()),
        serial: serial === null ? null : formatSerial(serial),
        float:
          serial === null ? { left: major(leftMinor), after: major(leftMinor - money.amountMinor) } : null,
      };
    },
    async "pay-bill"({ request, billId, voucher, amount, currency }) {
      const confirmed = parseMajor(amount, currency);
      if (!confirmed.ok) return refused("not-an-amount", { currency });
      const { name: actor, shift } = cashierOf(desk);
      const outcome = await nodeOf(desk).payBill({
        request,
        billId,
        actor,
        shift,
        voucher: voucherOf(voucher),
        confirmed: confirmed.money,
      });
      desk.changed();
      if (!outcome.ok) return billRefusalView(outcome.refusal);
      desk.syncSoon();
      const record = bills.find(outcome.paid.sequence);
      if (!record) throw new Error(`a payment without its row ${outcome.paid.sequence}`);
      return { ok: true, payment: paymentView(stores, record) };
    },
    "bill-payment"({ sequence }) {
      const record = bills.find(sequence);
      return record ? paymentDetail(stores, record) : refused("no-such-payment");
    },
    "bill-history"({ search, state, before }) {
      const query = {
        text: search.trim(),
        standing: state === "all" ? undefined : state,
        before: before ?? undefined,
      };
      const found = billHistory.search(query, pageSize + 1);
      const records = found.slice(0, pageSize).flatMap((sequence) => bills.find(sequence) ?? []);
      return {
        payments: records.map((record) => paymentView(stores, record)),
        more: found.length > pageSize,
      };
    },
    "bill-totals": ({ fromMs, untilMs }) => billTotalsView(stores, billHistory.sums(fromMs, untilMs)),
    "bill-refunds": () => ({
      payments: refunds
        .open(mostRefunds)
        .flatMap((sequence) => bills.find(sequence) ?? [])
        .map((record) => paymentDetail(stores, record)),
    }),
    "refund-bill"({ request, sequence }) {
      const { name: actor, shift } = cashierOf(desk);
      const outcome = nodeOf(desk).refundBill({ request, payment: sequence, actor, shift });
      desk.changed();
      if (!outcome.ok) return refundRefusalView(outcome.refusal);
      desk.syncSoon();
      return done;
    },
  };
}

function voucherOf(voucher: BillVoucher | null): PayingVoucher | undefined {
  if (voucher === null) return undefined;
  const { serial, token, number } = voucher;
  const named = serial === null ? undefined : parseSerial(serial);
  return {
    ...(named !== undefined && { serial: named }),
    ...(token !== null && { token }),
    number: normaliseVoucherNumber(number) ?? number,
  };
}
