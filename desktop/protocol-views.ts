/** What the till's answers are made of; part of `protocol.ts`, which everybody imports. */
export const protocolVersion = 2;

export interface Done {
  readonly ok: true;
}

/** An expected no: the page has words for each code, and fills in the details. */
export interface Refused {
  readonly ok: false;
  readonly code: string;
  readonly details: Details;
}

export type Details = Readonly<Record<string, string | number | null>>;

export interface Amount {
  readonly amount: string;
  readonly currency: string;
}

export interface Sum extends Amount {
  readonly count: number;
}

export type Phase = "first-start" | "locked" | "signed-out" | "open";

export interface TillState {
  readonly protocol: typeof protocolVersion;
  readonly version: string;
  readonly phase: Phase;
  /** Make-believe: nothing of it counts anywhere, and the screen must say so. */
  readonly practice: boolean;
  /** Whether the machine keeps keys, so that no passphrase is needed. */
  readonly keyStore: boolean;
  readonly settings: Settings;
  /** Null before the till is enrolled. */
  readonly till: TillIdentity | null;
  readonly cashiers: readonly Cashier[];
  readonly cashier: (Cashier & { readonly sinceMs: number }) | null;
  /** Of the cashier who is signed in. */
  readonly shift: OpenShift | null;
  /** Null where this till serves no programme; else how many of its changes of payees wait for people. */
  readonly payees: { readonly held: number } | null;
  /** Null where no biller's bills are paid at this till; else how many payments are to be given back. */
  readonly bills: { readonly toGiveBack: number } | null;
  readonly sync: SyncState | null;
}

export interface TillIdentity {
  readonly nodeId: string;
  readonly merchantId: string;
  readonly merchantName: string;
  /** Whether it may pay out vouchers in cash. */
  readonly agent: boolean;
  readonly server: string;
  /** Whether the machine's key store opens it. */
  readonly keyStore: boolean;
  /** Whether a passphrase opens it, with or without a key store beside. */
  readonly passphrase: boolean;
  readonly status: "active" | "frozen" | "revoked";
  /** Why it signs nothing more. */
  readonly stopped: string | null;
}

export const roles = ["supervisor", "cashier"] as const;
export type Role = (typeof roles)[number];

export interface Cashier {
  readonly id: number;
  readonly name: string;
  /** A supervisor lets others in and out, and looks after the till's settings. */
  readonly role: Role;
}

export interface OpenShift {
  readonly id: number;
  readonly openedMs: number;
  /** One for each currency that was named; empty where nobody counts cash. */
  readonly cash: readonly Cash[];
  /** What was put in and taken out, the newest first, as far as it fits. */
  readonly moves: readonly CashMove[];
}

export interface CashMove extends Amount {
  readonly direction: "in" | "out";
  readonly note: string;
  readonly atMs: number;
}

/** A drawer in one currency. Expected is opening, plus put in and taken for bills, less taken out, paid out and given back. */
export interface Cash {
  readonly currency: string;
  readonly opening: string;
  readonly putIn: string;
  readonly takenOut: string;
  /** Handed to beneficiaries. */
  readonly paidOut: string;
  /** Kept by the agent for that, out of the vouchers' amounts. */
  readonly fees: string;
  readonly forBills: string;
  /** Of what was taken for bills and paid nothing. */
  readonly givenBack: string;
  readonly expected: string;
  /** Null while the shift is open, and where nobody counted. */
  readonly counted: string | null;
  /** Counted less expected, with its sign. */
  readonly difference: string | null;
}

export interface ClosedShift {
  readonly ok: true;
  readonly shift: Shift;
}

export interface Shift {
  readonly id: number;
  readonly cashier: string;
  readonly openedMs: number;
  readonly closedMs: number | null;
  readonly totals: StandingTotals;
  readonly cash: readonly Cash[];
}

export interface ShiftList {
  readonly shifts: readonly Shift[];
}

export const languages = ["en", "fr", "es", "pt", "sw", "ar"] as const;
export const themes = ["system", "light", "dark"] as const;
export const paperWidths = ["58", "80", "A4"] as const;

export interface Settings {
  readonly language: (typeof languages)[number] | null;
  readonly theme: (typeof themes)[number];
  readonly paper: (typeof paperWidths)[number];
  /** Minutes without a touch after which the till signs out whoever is there; the shift goes on. */
  readonly lockAfterMinutes: number;
  readonly bytesPerDay: number | null;
  readonly onRequest: boolean;
}

export interface SyncState {
  readonly running: boolean;
  /** While it runs: operations sent of those that waited, and rows received. */
  readonly progress: { readonly sent: number; readonly of: number; readonly received: number } | null;
  /** Whether the last request was answered; null where none was tried lately. */
  readonly online: boolean | null;
  readonly lastContactMs: number | null;
  readonly problem: { readonly code: string; readonly details: Details } | null;
  readonly queued: number;
  readonly queuedSums: readonly Sum[];
  readonly held: number;
  readonly bytesToday: number;
  readonly leases: number;
  readonly recalled: number;
  readonly rowsAside: number;
  readonly clock: { readonly anchored: boolean; readonly offsetMs: number | null; readonly off: boolean };
  readonly limits: Limits;
}

export type Limits =
  | { readonly kind: "no-policy" }
  | { readonly kind: "not-fetched" }
  | { readonly kind: "reserved-only" }
  | {
      readonly kind: "at-risk";
      readonly redemptions: Gauge;
      readonly hours: Gauge;
      readonly denyListHours: Gauge;
      readonly amounts: readonly {
        readonly currency: string;
        readonly left: string;
        readonly most: string;
      }[];
    };

export interface Gauge {
  readonly left: number;
  readonly most: number;
}

/** One of serial and token at least; the number is 16 digits. */
export interface Voucher {
  readonly serial: string | null;
  readonly token: string | null;
  readonly number: string;
}

export const goods = ["goods", "cash"] as const;
export type Goods = (typeof goods)[number];

export interface RedeemOrder extends Voucher {
  /** Goods, where it is not said. Cash needs an agent's till. */
  readonly goods?: Goods | undefined;
  /** How the beneficiary was recognised; null or missing where nobody was asked to. */
  readonly authentication?: Authentication | null | undefined;
}

/** Methods that a cashier states the outcome of; a registry's outcome is the till's own knowledge. */
export const authenticationMethods = ["printed-data", "photo", "registry"] as const;
export const authenticationResults = ["confirmed", "not-confirmed"] as const;

export interface Authentication {
  readonly method: (typeof authenticationMethods)[number];
  /** Of a registry it must be what `authenticate` answered for the same voucher a short while ago. */
  readonly result: (typeof authenticationResults)[number];
}

export interface Authenticated {
  readonly ok: true;
  readonly result: Authentication["result"];
}

export type Mode = "leased" | "at-risk" | "online";

export type CheckResult =
  | (Amount & {
      readonly ok: true;
      readonly serial: string;
      readonly programme: string;
      readonly expiresAtMs: number;
      readonly mode: Mode;
      /** Where cash was asked for: what the beneficiary gets, and what the agent keeps. */
      readonly cash: CashOut | null;
    })
  | Refused;

export interface CashOut {
  readonly paid: string;
  readonly fee: string;
}

export type RedeemResult =
  | {
      readonly kind: "accepted" | "provisional";
      readonly operation: Operation;
      /** What is guaranteed of a provisional one. */
      readonly guaranteed: Amount | null;
    }
  | { readonly kind: "not-known-yet"; readonly operation: Operation; readonly reason: string }
  | { readonly kind: "rejected"; readonly operation: Operation; readonly reason: string }
  | { readonly kind: "refused"; readonly refusal: Refused }
  /** Nothing was recorded: the server could not be asked. */
  | { readonly kind: "offline"; readonly code: string };

export type OperationState = "queued" | "held" | "applied" | "rejected" | "writtenOff";

export interface Operation extends Amount {
  readonly sequence: number;
  readonly serial: string;
  readonly mode: Mode;
  readonly actor: string;
  readonly createdMs: number;
  readonly goods: Goods;
  readonly cash: CashOut | null;
  readonly authentication: Authentication | null;
  readonly state: OperationState;
  /** Goods were handed over for it, and it was rejected: the server has opened a dispute. */
  readonly disputed: boolean;
  readonly reason: string | null;
  readonly transactionId: string | null;
  readonly decidedMs: number | null;
}

export interface OperationDetail extends Operation {
  readonly ok: true;
  readonly operationId: string;
  readonly hash: string;
  /** Whether the server's signed word on it is here. */
  readonly hasReceipt: boolean;
}

export const historyStates = ["all", "pending", "settled", "disputed", "rejected"] as const;

export interface HistoryQuery {
  /** A part of a serial, or of a cashier's name. */
  readonly search: string;
  readonly state: (typeof historyStates)[number];
  /** Operations before this one; null for the newest. */
  readonly before: number | null;
}

export interface HistoryPage {
  readonly operations: readonly Operation[];
  readonly more: boolean;
}

/** Kept apart and never added up. */
export interface StandingTotals {
  readonly pending: readonly Sum[];
  readonly settled: readonly Sum[];
  readonly disputed: readonly Sum[];
  readonly rejected: readonly Sum[];
}

export interface Totals extends StandingTotals {
  readonly cashiers: readonly CashierTotals[];
}

export interface CashierTotals extends Sum {
  readonly actor: string;
  readonly state: "pending" | "settled" | "disputed" | "rejected";
}

export interface LeasePage {
  readonly leases: readonly Lease[];
  readonly more: boolean;
}

export interface Lease {
  readonly serial: string;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly notAfterMs: number;
  readonly recalled: boolean;
  /** A redemption under it was rejected: it can only be given back. */
  readonly spent: boolean;
}

export interface Reserved {
  readonly ok: true;
  readonly granted: number;
  readonly held: number;
  readonly most: number;
  readonly because: string | null;
}

export interface WrittenFile {
  readonly ok: true;
  readonly name: string;
  readonly file: string;
}

export interface ExportedFile extends WrittenFile {
  readonly count: number;
  readonly left: number;
}

export interface Imported {
  readonly ok: true;
  readonly verdicts: number;
  readonly applied: number;
  readonly rejected: number;
  readonly held: number;
}

/** As the server told it at `asOfMs`; null where it never did. */
export interface DisputeList {
  readonly disputes: readonly Dispute[];
  readonly asOfMs: number | null;
}

export interface Dispute extends Amount {
  readonly sequence: number;
  readonly serial: string;
  /** Why the redemption was rejected. */
  readonly reason: string;
  readonly openedMs: number;
  readonly state: "open" | "refused" | "appealed" | "paid" | "refusedFinally" | "writtenOff";
  /** The most that is paid. */
  readonly guaranteed: string;
  /** The words of whoever decided. */
  readonly because: string | null;
  readonly decidedMs: number | null;
  readonly appeal: string | null;
  readonly mayAppeal: boolean;
}

export interface PayoutPage {
  readonly payouts: readonly Payout[];
  readonly more: boolean;
  readonly asOfMs: number | null;
}

/** The amount is what was paid: the voucher's less the fee. */
export interface Payout extends Amount {
  readonly reference: string;
  /** Null where it is for something that this till did not do. */
  readonly sequence: number | null;
  readonly serial: string;
  readonly fee: string;
  readonly paidMs: number;
  /** Masked; null where the merchant has none but its account here. */
  readonly account: string | null;
  readonly provider: string | null;
}

export interface QuitCheck {
  /** Accepted here and not known to the server. */
  readonly queued: number;
  readonly sums: readonly Sum[];
  /** Whether the server's signed word on an exported file covers them all. */
  readonly acknowledged: boolean;
}

export interface PracticeVouchers {
  readonly vouchers: readonly PracticeVoucher[];
}

export interface PracticeVoucher extends Amount {
  readonly serial: string;
  /** As it would be printed. */
  readonly number: string;
  readonly token: string;
  /** What the make-believe server says to it. */
  readonly outcome: "applied" | "rejected" | "held";
  readonly used: boolean;
}

export interface PracticeBills {
  readonly bills: readonly PracticeBill[];
}

export interface PracticeBill {
  readonly billId: string;
  /** What this one is there to show: among others that somebody else was first, or that it is beyond the float. */
  readonly outcome: "credited" | "overdue" | "first" | "declined" | "silent" | "beyond";
  readonly used: boolean;
}
