/**
 * The contract between the page and the till behind it, whichever shell is between them. Types only: the till checks
 * every payload against `worker/till/payloads.ts`. Amounts are decimal text in major units; serials are text; times are
 * Unix milliseconds; files are base64.
 *
 * Version 1: first one.
 * Version 2: what moves money or records something names a request id; `touch`; a PIN is set anew by the operator's code.
 *   Page and till are of one program, so neither ever meets the other's version.
 */
import type { PayeePayloads, PayeeResults } from "./protocol-payees.ts";
import type { BillPayloads, BillResults } from "./protocol-bills.ts";
import type {
  Amount,
  Authenticated,
  CheckResult,
  ClosedShift,
  DisputeList,
  Done,
  ExportedFile,
  HistoryPage,
  HistoryQuery,
  Imported,
  LeasePage,
  OperationDetail,
  PayoutPage,
  PracticeBills,
  PracticeVouchers,
  QuitCheck,
  RedeemOrder,
  RedeemResult,
  Refused,
  Reserved,
  Role,
  Settings,
  ShiftList,
  TillState,
  Totals,
  WrittenFile,
} from "./protocol-views.ts";

export * from "./protocol-bills.ts";
export * from "./protocol-payees.ts";
export * from "./protocol-views.ts";

/**
 * Names a request that is done once. The page makes the id (a UUID) before it asks, and asks with the same one until it has
 * an answer: what was done before is not done again, and its answer is told again. Of what has none the repetition changes
 * nothing by itself.
 */
export interface Once {
  readonly request: string;
}

export interface Payloads extends PayeePayloads, BillPayloads {
  state: Empty;
  /** Without a passphrase only where `TillState.keyStore` says that the machine keeps keys. */
  enrol: { readonly serverUrl: string; readonly code: string; readonly passphrase: string | null };
  /** Makes the key usable until `lock`, or until the program ends; null asks the machine's key store again. */
  unlock: { readonly passphrase: string | null };
  lock: Empty;
  /**
   * A passphrase that opens the till where its machine's key store is lost; again to set another one. By a supervisor, whose
   * own PIN it is. Asked again it is the same.
   */
  "add-passphrase": { readonly passphrase: string; readonly pin: string };
  /** The first one is a supervisor, whatever is asked for. */
  "add-cashier": Once & { readonly name: string; readonly pin: string; readonly role?: Role | undefined };
  /** By a supervisor; not oneself. The name stays in the history. */
  "remove-cashier": Once & { readonly cashier: number };
  "change-pin": Once & { readonly cashier: number; readonly oldPin: string; readonly newPin: string };
  /**
   * A forgotten PIN: by a supervisor who is signed in, by whoever has the passphrase, or by the operator's one-time code,
   * about which the server is asked. Two of the three are null.
   */
  "reset-pin": Once & {
    readonly cashier: number;
    readonly newPin: string;
    readonly passphrase: string | null;
    readonly code: string | null;
  };
  /** Goes on with the shift that was not ended, or begins one. */
  "sign-in": { readonly cashier: number; readonly pin: string };
  /** Somebody is at the page: until the till has heard of nobody for `lockAfterMinutes` it stays open. */
  touch: Empty;
  /** With `endShift` false this is the lock of the screen: the PIN alone opens it again. */
  "sign-out": { readonly endShift: boolean };
  /** What is in the drawer at the beginning; again while nothing was paid out, to correct it. */
  "open-cash": Once & { readonly cash: readonly Amount[] };
  /** Cash that was put into the drawer or taken out of it, but for payouts. */
  "move-cash": Once & Amount & { readonly direction: "in" | "out"; readonly note: string };
  /** Ends the shift and signs out. What was counted is kept with the difference. */
  "close-shift": Once & { readonly counted: readonly Amount[] };
  /** What a redemption would be, without doing it. */
  check: RedeemOrder;
  redeem: Once & RedeemOrder;
  /** Asks a registry, through the server, whether whoever is there is the beneficiary. The data is sent and never kept. */
  authenticate: { readonly serial: string; readonly identity: string; readonly secret: string | null };
  history: HistoryQuery;
  operation: { readonly sequence: number };
  totals: { readonly fromMs: number; readonly untilMs: number };
  /** Shifts that were open in that time, the newest first, with their own totals and cash. */
  shifts: { readonly fromMs: number; readonly untilMs: number };
  disputes: Empty;
  /** Once, against a refusal; needs a connection. The same words again are the same appeal. */
  appeal: { readonly sequence: number; readonly because: string };
  /** The signed evidence of a dispute; needs a connection. */
  evidence: { readonly sequence: number };
  /** What was paid out, the newest first; `before` is the last reference of the page before. */
  payouts: { readonly before: string | null };
  sync: Empty;
  leases: { readonly search: string; readonly after: string | null };
  /** The server keeps the id. */
  reserve: Once & { readonly group: string; readonly quantity: number };
  release: Once & { readonly serial: string };
  /** The queue as a sealed file for the server. */
  export: Empty;
  import: { readonly file: string };
  "hand-in": { readonly file: string };
  /** The signed proof of what became of one operation. */
  receipt: { readonly sequence: number };
  settings: Settings;
  /** What would be left unsent if the program ended now; answered for the real till, in practice as well. */
  "quit-check": Empty;
  /** Between the real till and a make-believe one; `fresh` begins the practice anew. */
  practice: { readonly on: boolean; readonly fresh: boolean };
  "practice-vouchers": Empty;
  "practice-bills": Empty;
}

export interface Results extends PayeeResults, BillResults {
  state: TillState;
  enrol: Done | Refused;
  unlock: Done | Refused;
  lock: Done;
  "add-passphrase": Done | Refused;
  "add-cashier": Done | Refused;
  "remove-cashier": Done | Refused;
  "change-pin": Done | Refused;
  "reset-pin": Done | Refused;
  "sign-in": Done | Refused;
  touch: Done;
  "sign-out": Done;
  "open-cash": Done | Refused;
  "move-cash": Done | Refused;
  "close-shift": ClosedShift | Refused;
  check: CheckResult;
  redeem: RedeemResult;
  authenticate: Authenticated | Refused;
  history: HistoryPage;
  operation: OperationDetail | Refused;
  totals: Totals;
  shifts: ShiftList;
  disputes: DisputeList;
  appeal: Done | Refused;
  evidence: WrittenFile | Refused;
  payouts: PayoutPage;
  sync: Done | Refused;
  leases: LeasePage;
  reserve: Reserved | Refused;
  release: Done | Refused;
  export: ExportedFile | Refused;
  import: Imported | Refused;
  "hand-in": WrittenFile | Refused;
  receipt: WrittenFile | Refused;
  settings: Done;
  "quit-check": QuitCheck;
  practice: Done | Refused;
  "practice-vouchers": PracticeVouchers;
  "practice-bills": PracticeBills;
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
