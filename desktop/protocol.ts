/**
 * The contract between the page and the till behind it, whichever shell is between them. Types only: the till checks
 * every payload against `worker/till/payloads.ts`. Amounts are decimal text in major units; serials are text; times are
 * Unix milliseconds; files are base64.
 *
 * Version 1: first one.
 */
export const protocolVersion = 1;

export interface Payloads {
  state: Empty;
  enrol: { readonly serverUrl: string; readonly code: string; readonly passphrase: string };
  /** Makes the key usable until `lock`, or until the program ends. */
  unlock: { readonly passphrase: string };
  lock: Empty;
  "add-cashier": { readonly name: string; readonly pin: string };
  "sign-in": { readonly cashier: number; readonly pin: string };
  "sign-out": { readonly endShift: boolean };
  /** What a redemption would be, without doing it. */
  check: Voucher;
  redeem: Voucher;
  history: HistoryQuery;
  operation: { readonly sequence: number };
  totals: { readonly fromMs: number; readonly untilMs: number };
  sync: Empty;
  leases: { readonly search: string; readonly after: string | null };
  reserve: { readonly group: string; readonly quantity: number };
  release: { readonly serial: string };
  /** The queue as a sealed file for the server. */
  export: Empty;
  import: { readonly file: string };
  "hand-in": { readonly file: string };
  /** The signed proof of what became of one operation. */
  receipt: { readonly sequence: number };
  settings: Settings;
}

export interface Results {
  state: TillState;
  enrol: Done | Refused;
  unlock: Done | Refused;
  lock: Done;
  "add-cashier": Done | Refused;
  "sign-in": Done | Refused;
  "sign-out": Done;
  check: CheckResult;
  redeem: RedeemResult;
  history: HistoryPage;
  operation: OperationDetail | Refused;
  totals: Totals;
  sync: Done | Refused;
  leases: LeasePage;
  reserve: Reserved | Refused;
  release: Done | Refused;
  export: ExportedFile | Refused;
  import: Imported | Refused;
  "hand-in": WrittenFile | Refused;
  receipt: WrittenFile | Refused;
  settings: Done;
}

export type RequestName = keyof Payloads & keyof Results;

export type Empty = Readonly<Record<string, never>>;

/** What the till says to any request. Nothing was done where it is not ok. */
export type Answer<Name extends RequestName = RequestName> =
  | { readonly ok: true; readonly result: Results[Name] }
  | { readonly ok: false; readonly code: RequestProblem; readonly message: string };

/** A request that the page should not have made, or a failure below it. */
export type RequestProblem =
  | "malformed"
  | "not-possible-now"
  | "disk-not-writable"
  | "database-damaged"
  | "unexpected";

/** Told to every page: something may look different now. */
export type TillEvent = "changed";

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
  readonly settings: Settings;
  /** Null before the till is enrolled. */
  readonly till: TillIdentity | null;
  readonly cashiers: readonly Cashier[];
  readonly cashier: (Cashier & { readonly sinceMs: number }) | null;
  readonly sync: SyncState | null;
}

export interface TillIdentity {
  readonly nodeId: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly server: string;
  readonly status: "active" | "frozen" | "revoked";
  /** Why it signs nothing more. */
  readonly stopped: string | null;
}

export interface Cashier {
  readonly id: number;
  readonly name: string;
}

export const languages = ["en", "fr", "es", "pt", "sw", "ar"] as const;
export const themes = ["system", "light", "dark"] as const;
export const paperWidths = ["58", "80", "A4"] as const;

export interface Settings {
  readonly language: (typeof languages)[number] | null;
  readonly theme: (typeof themes)[number];
  readonly paper: (typeof paperWidths)[number];
  /** Minutes without a touch after which the screen is locked. */
  readonly lockAfterMinutes: number;
  readonly bytesPerDay: number | null;
  readonly onRequest: boolean;
}

export interface SyncState {
  readonly running: boolean;
  /** Null before the first try since the start. */
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

export type Mode = "leased" | "at-risk" | "online";

export type CheckResult =
  | (Amount & {
      readonly ok: true;
      readonly serial: string;
      readonly programme: string;
      readonly expiresAtMs: number;
      readonly mode: Mode;
    })
  | Refused;

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
export interface Totals {
  readonly pending: readonly Sum[];
  readonly settled: readonly Sum[];
  readonly disputed: readonly Sum[];
  readonly rejected: readonly Sum[];
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
