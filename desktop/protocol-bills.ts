/**
 * The part of the protocol about bills, for tills whose merchant takes payments for a biller. Days are `YYYY-MM-DD` at the
 * biller's place.
 */
import type { Once } from "./protocol.ts";
import type { Amount, Done, Refused, Sum } from "./protocol-views.ts";

export interface BillPayloads {
  /** Whose bills there are, and the float. */
  "bill-desk": Readonly<Record<string, never>>;
  "find-bills": { readonly search: string };
  bill: { readonly billId: string };
  /** What taking the money would be, without taking it. */
  "check-bill": { readonly billId: string; readonly voucher: BillVoucher | null };
  /** The amount is what whoever pays was shown; another one is refused. Cash where there is no voucher. */
  "pay-bill": Once & Amount & { readonly billId: string; readonly voucher: BillVoucher | null };
  "bill-payment": { readonly sequence: number };
  "bill-history": BillHistoryQuery;
  "bill-totals": { readonly fromMs: number; readonly untilMs: number };
  /** Payments whose cash is to be given back, the oldest first. */
  "bill-refunds": Readonly<Record<string, never>>;
  /** That the cash of a payment was given back; once. */
  "refund-bill": Once & { readonly sequence: number };
}

export interface BillResults {
  "bill-desk": BillDesk;
  "find-bills": BillList;
  bill: BillDetail | Refused;
  "check-bill": BillCheck | Refused;
  "pay-bill": BillTaken | Refused;
  "bill-payment": BillPaymentDetail | Refused;
  "bill-history": BillHistoryPage;
  "bill-totals": BillTotals;
  "bill-refunds": BillRefunds;
  "refund-bill": Done | Refused;
}

/** One of serial and token at least; the number is 16 digits. */
export interface BillVoucher {
  readonly serial: string | null;
  readonly token: string | null;
  readonly number: string;
}

export interface BillDesk {
  readonly billers: readonly Biller[];
  readonly floats: readonly Float[];
  readonly topUps: readonly TopUp[];
  /** As of when the bills are those of the server; null where they never were. */
  readonly asOfMs: number | null;
}

export interface Biller {
  readonly billerId: string;
  readonly name: string;
  readonly prefix: string;
  /** How many digits follow the prefix; null for any text. */
  readonly ownDigits: number | null;
  readonly checkDigit: "none" | "luhn" | "mod97";
}

export interface Float {
  readonly currency: string;
  readonly left: string;
  /** What it was after the last time that something was paid in, or more where payments came back. */
  readonly most: string;
  /** What was taken beyond it. */
  readonly owed: string;
}

export interface TopUp extends Amount {
  readonly id: number;
  /** How much of it settled a debt. */
  readonly settled: string;
  readonly atMs: number;
}

export const billStates = ["open", "overdue", "received", "beingPaid", "paid"] as const;

export interface Bill extends Amount {
  readonly billId: string;
  readonly billerName: string;
  readonly payerName: string | null;
  readonly area: string | null;
  readonly dueOn: string | null;
  /** What pays it up to that day, and after it; the amount is what is due now. */
  readonly onDue: string;
  readonly afterDue: string;
  readonly daysOverdue: number;
  /** Received: at this till, and not credited yet. */
  readonly state: (typeof billStates)[number];
}

export interface BillList {
  readonly bills: readonly Bill[];
  readonly more: boolean;
  readonly asOfMs: number | null;
}

export interface BillDetail extends Bill {
  readonly ok: true;
  readonly asOfMs: number | null;
  /** Of the payment that was taken for it here, the newest. */
  readonly sequence: number | null;
  /** Whether vouchers of any group pay bills of this biller. */
  readonly takesVouchers: boolean;
}

export interface BillCheck extends Bill {
  readonly ok: true;
  /** The voucher that would pay; null for cash. */
  readonly serial: string | null;
  /** Of the float in the bill's currency, now and afterwards; null for a voucher. */
  readonly float: { readonly left: string; readonly after: string } | null;
}

export interface BillTaken {
  readonly ok: true;
  readonly payment: BillPayment;
}

export const billStandings = ["settled", "pending", "refund", "ended"] as const;
/**
 * Refund: cash that paid nothing and is to be given back. Ended: nothing was paid, and nothing is open: the cash was given
 * back, or the voucher is free.
 */
export type BillStanding = (typeof billStandings)[number];

export interface BillPayment extends Amount {
  readonly sequence: number;
  readonly billId: string;
  readonly billerName: string;
  /** The voucher that pays; null for cash. */
  readonly serial: string | null;
  readonly actor: string;
  readonly createdMs: number;
  readonly standing: BillStanding;
  readonly reason: string | null;
  /** The biller is being told, on the server. */
  readonly isHeld: boolean;
  readonly transactionId: string | null;
  readonly decidedMs: number | null;
}

export interface BillPaymentDetail extends BillPayment {
  readonly ok: true;
  readonly payerName: string | null;
  readonly operationId: string;
  readonly hash: string;
  readonly hasReceipt: boolean;
  /** Who had paid the bill before; null where that is not why, or the server has not told it. */
  readonly first:
    | (Amount & {
        readonly takenBy: string;
        readonly atMs: number;
        readonly means: "account" | "voucher" | "cash";
      })
    | null;
  readonly givenBack: { readonly by: string; readonly atMs: number } | null;
}

export interface BillRefunds {
  readonly payments: readonly BillPaymentDetail[];
}

export const billHistoryStates = ["all", "pending", "settled", "refund", "ended"] as const;

export interface BillHistoryQuery {
  /** A part of a bill's number, or of a cashier's name. */
  readonly search: string;
  readonly state: (typeof billHistoryStates)[number];
  readonly before: number | null;
}

export interface BillHistoryPage {
  readonly payments: readonly BillPayment[];
  readonly more: boolean;
}

/** Kept apart and never added up. */
export interface BillTotals {
  readonly totals: Readonly<Record<BillStanding, readonly Sum[]>>;
  readonly billers: readonly BillerTotals[];
  readonly cashiers: readonly BillCashierTotals[];
}

export interface BillerTotals extends Sum {
  readonly billerName: string;
  readonly standing: BillStanding;
  readonly means: "cash" | "voucher";
}

export interface BillCashierTotals extends Sum {
  readonly actor: string;
  /** When the cashier's shift began; null for what no cashier did. */
  readonly shiftMs: number | null;
  readonly billerName: string;
  readonly standing: BillStanding;
  readonly means: "cash" | "voucher";
}
