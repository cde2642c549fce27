/** The make-believe biller: its bills, what becomes of each that is paid, and a float to pay them from. */
import type { BillStatement, FirstPayment, ToldRefund } from "#sync/documents/bill-statement.ts";
import type { OperationBody } from "#sync/documents/operation.ts";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import { luhnDigit } from "#core/voucher-number.ts";
import type { PracticeBill } from "../../protocol.ts";
import type { BillPaymentRecord, BillStorage } from "../store/bills.ts";
import { practiceCurrency, practiceGroup } from "./authority.ts";

interface MakeBelieveBill extends Pick<PracticeBill, "billId" | "outcome"> {
  readonly payerName: string;
  readonly amountMinor: bigint;
  /** Days from the first start of the practice. */
  readonly dueInDays: number | null;
}

const biller = { id: "practice", name: "Practice power company", prefix: "PR", ownDigits: 8 } as const;
const practiceFloatMinor = 10_000n;
const dayMs = 86_400_000;

/** Of the amounts of the make-believe vouchers, so that one can pay, but for what is overdue or beyond the float. */
export const practiceBills: readonly MakeBelieveBill[] = (
  [
    ["credited", "Asha Mwangi", 500n, 20],
    ["credited", "Otieno Ouma", 1000n, null],
    ["credited", "Fatuma Ali", 1500n, 30],
    ["overdue", "Peter Kamau", 2000n, -10],
    ["first", "Neema Salim", 1500n, 5],
    ["declined", "Juma Hassan", 1000n, 5],
    ["silent", "Grace Wanjiru", 2500n, null],
    ["beyond", "River hotel", 12_000n, 20],
  ] as const
).map(([outcome, payerName, amountMinor, dueInDays], index) => {
  const own = String(1_000_000 + index);
  return { billId: biller.prefix + own + luhnDigit(own), outcome, payerName, amountMinor, dueInDays };
});

/** What the server says to a payment; undefined for an operation that is none. */
export function billVerdict(body: OperationBody): Pick<Verdict, "status" | "reason"> | undefined {
  if (body.type !== "pay-bill" && body.type !== "pay-bill-with-voucher") return undefined;
  switch (practiceBills.find(({ billId }) => billId === body.billId)?.outcome) {
    case "first":
      return { status: "rejected", reason: "bill-paid" };
    case "declined":
      return { status: "rejected", reason: "rejected-by-biller" };
    case "silent":
      return { status: "held", reason: "awaiting-biller" };
    case "credited":
    case "overdue":
    case "beyond":
      return { status: "applied", reason: null };
    case undefined:
      return { status: "rejected", reason: "unknown-bill" };
  }
}

/** The cash that is to be given back, and the one time that the float was paid in. */
export function billStatement(bills: BillStorage, startedMs: number): BillStatement {
  const toGiveBack = bills
    .list(0, 500)
    .filter(({ serial, state }) => serial === null && state === "rejected");
  return {
    refunds: toGiveBack.map((record) => refundOf(record, startedMs)),
    topUps: [
      {
        id: 1,
        currency: practiceCurrency,
        amountMinor: practiceFloatMinor,
        settledMinor: 0n,
        floatMinor: practiceFloatMinor,
        atMs: startedMs,
      },
    ],
  };
}

type Rows = readonly (readonly [key: string, value: Readonly<Record<string, string>>])[];

/** The rows of the shapes of bills, which never change: what was paid here the till knows by its own verdicts. */
export function billRows(shape: string, nodeId: string, startedMs: number): Rows {
  switch (shape) {
    case "billers":
      return [
        [
          biller.id,
          {
            node_id: nodeId,
            biller_id: biller.id,
            name: biller.name,
            prefix: biller.prefix,
            own_digits: String(biller.ownDigits),
            check_digit: "luhn",
            time_zone: "UTC",
            voucher_groups: practiceGroup,
          },
        ],
      ];
    case "bills":
      return practiceBills.map((bill) => [bill.billId, billRow(bill, nodeId, startedMs)]);
    case "floats":
      return [
        [
          practiceCurrency,
          {
            node_id: nodeId,
            currency: practiceCurrency,
            float_minor: String(practiceFloatMinor),
            debt_minor: "0",
            counted: "0",
          },
        ],
      ];
    default:
      return [];
  }
}

function billRow(
  { billId, payerName, amountMinor, dueInDays }: MakeBelieveBill,
  nodeId: string,
  startedMs: number,
) {
  // A tenth more after the due date.
  const afterMinor = dueInDays === null ? amountMinor : (amountMinor * 11n) / 10n;
  const due =
    dueInDays === null ? {} : { due_on: new Date(startedMs + dueInDays * dayMs).toISOString().slice(0, 10) };
  return {
    node_id: nodeId,
    bill_id: billId,
    biller_id: biller.id,
    payer_name: payerName,
    currency: practiceCurrency,
    amount_on_due: String(amountMinor),
    amount_after_due: String(afterMinor),
    status: "open",
    ...due,
  };
}

function refundOf(record: BillPaymentRecord, startedMs: number): ToldRefund {
  const { sequence, billId, currency, amountMinor, reason, decidedMs } = record;
  const first: FirstPayment = {
    takenBy: "Practice agent",
    atMs: startedMs,
    means: "cash",
    reference: "practice0000",
    currency,
    amountMinor,
  };
  return {
    sequence,
    billId,
    currency,
    amountMinor,
    reason: reason ?? "bill-paid",
    listedAtMs: decidedMs ?? startedMs,
    refundedAtMs: null,
    refundedBy: null,
    first: reason === "bill-paid" ? first : null,
  };
}
