/**
 * Vouchers: as they are kept, issued in batches, and changed by commands; what may be issued, and the stock of it. Part
 * of `./store.ts`, which everybody imports.
 */
import type { Money } from "#core/money.ts";
import type { PendingEnd, VoucherState } from "#core/voucher.machine.ts";
import type { JournalEntry } from "../ledger/entries.ts";
import type { Page } from "./requests.ts";

export interface VoucherRow extends Money {
  readonly serial: bigint;
  readonly institutionId: string;
  readonly programId: string;
  readonly groupCode: string;
  /** Whether its group is at-risk. */
  readonly atRisk: boolean;
  /** Since when nodes must deny it at risk; null while they need not. */
  readonly deniedSince: Date | null;
  readonly state: VoucherState;
  readonly pending: PendingEnd | null;
  readonly numberIndex: Uint8Array;
  readonly numberVerifier: Uint8Array;
  /** Of the key that signs its token; null for the installation's first. */
  readonly tokenKeyId: Uint8Array | null;
  /** The signed token in its text form; null until the voucher is activated. */
  readonly token: string | null;
  readonly activatedAt: Date | null;
  /** The last instant at which it is good: before its activation, the end of its reservation. */
  readonly expiresAt: Date;
  /** The lost voucher that it was made for. */
  readonly replaces: bigint | null;
  readonly replacedBy: bigint | null;
}

export interface NewVoucher extends Money {
  readonly serial: bigint;
  readonly batch: bigint;
  readonly line: number;
  readonly groupCode: string;
  readonly numberIndex: Uint8Array;
  readonly numberVerifier: Uint8Array;
  readonly tokenKeyId: Uint8Array;
  readonly expiresAt: Date;
  /** The number encrypted for the caller, base64, at most 44 characters; null where it is handed over otherwise. */
  readonly ciphertext: string | null;
  /** The lost voucher that it is made for. */
  readonly replaces?: bigint;
}

export interface VoucherRows {
  nextSerials(count: number): Promise<bigint[]>;
  /** Those whose number, by its blind index, neither a voucher has nor one before them in the list. */
  withFreeNumbers<T extends Pick<NewVoucher, "numberIndex">>(rows: readonly T[]): Promise<readonly T[]>;
  /** Makes vouchers of one batch, group and currency, and books the entry that reserves their money. */
  insert(rows: readonly NewVoucher[], reserve: JournalEntry): Promise<void>;
  /** Locks the vouchers that exist, in serial order. */
  lock(serials: readonly bigint[]): Promise<Map<bigint, VoucherRow>>;
  /** Reads without a lock: for answers, never for decisions. */
  find(serial: bigint): Promise<VoucherRow | undefined>;
  /** The serial of the voucher with that number, by its blind index. */
  byNumber(numberIndex: Uint8Array): Promise<bigint | undefined>;
  /** An institution's vouchers in serial order: those of one page, and how many there are. */
  page(
    institutionId: string,
    page: Page,
  ): Promise<{ readonly total: number; readonly rows: readonly VoucherRow[] }>;
  /**
   * Serials of vouchers past their last instant that expiry has not reached, the longest overdue first. At risk they are
   * due when the late-settlement window of every policy that was issued is over as well.
   */
  due(before: Date, limit: number): Promise<bigint[]>;
  /** Erases encrypted numbers that were delivered before the given time and returns how many; the rows stay. */
  eraseDelivered(before: Date, limit: number): Promise<number>;
  /** Erases what a purged voucher no longer needs: token, encrypted number, payee. The tombstone stays. */
  erase(serial: bigint): Promise<void>;
  update(
    serial: bigint,
    change: {
      readonly state: VoucherState;
      readonly pending: PendingEnd | null;
      readonly activatedAt?: Date;
      readonly expiresAt?: Date;
      readonly token?: string;
      /** The merchant who will hand it out; set once. */
      readonly dispensedBy?: string;
    },
  ): Promise<void>;
  moveAll(
    changes: readonly {
      readonly serial: bigint;
      readonly state: VoucherState;
      readonly pending: PendingEnd | null;
    }[],
  ): Promise<void>;
  /** Serials of activated vouchers that the merchant will hand out, by serial: those nobody holds a lease on. */
  toDispense(merchantId: string, groupCode: string, limit: number): Promise<bigint[]>;
}

export interface VoucherInstruction {
  readonly line: number;
  readonly instructionId: string;
  readonly groupCode: string;
  readonly currency: string;
  /** Major units, as the caller wrote them. */
  readonly amount: string;
  readonly payeeFunctionalId: string | null;
  readonly narration: string;
  /** The lost voucher that it replaces; group, currency, amount, payee and narration are then that one's. */
  readonly replaces?: Replacement;
}

export interface Replacement {
  /** As the caller wrote it. */
  readonly serialNumber: string;
  readonly reason: string;
}

/**
 * `file`: ordered by an encrypted file, answered by one; `reissue`: replaces lost vouchers; `single`: one voucher, made
 * while the caller waits; `disbursement`: for payees of a disbursement batch who are paid by voucher.
 */
export type BatchKind = "request" | "file" | "reissue" | "single" | "disbursement";

export interface BatchRow {
  readonly id: bigint;
  readonly kind: BatchKind;
  readonly institutionId: string;
  readonly batchId: string;
  readonly requestId: string;
  readonly programId: string;
  /** A request has one. */
  readonly callbackUrl: string | null;
}

export interface BatchProgress {
  readonly total: number;
  readonly created: number;
  readonly failed: number;
  /** Every instruction has its outcome, and the caller is told. */
  readonly complete: boolean;
}

/** An item whose unique id was in a file of the institution before: the same file, or that of another batch. */
export interface RepeatedItem {
  readonly line: number;
  readonly earlier: { readonly batchId: string; readonly line: number };
}

export interface BatchResult extends VoucherInstruction {
  readonly failureReason: string | null;
  readonly serial: bigint | null;
  readonly ciphertext: string | null;
  readonly expiresAt: Date | null;
}

export interface Failure {
  readonly line: number;
  readonly reason: string;
}

export interface BatchRows {
  /** Stores a batch with its instructions; undefined when the institution has used the batch id before. */
  insert(
    batch: Omit<BatchRow, "id">,
    instructions: readonly VoucherInstruction[],
  ): Promise<bigint | undefined>;
  /** Adds instructions of a file, in slices; returns the first whose unique id the institution has used before. */
  addUnique(
    batch: Pick<BatchRow, "id" | "institutionId">,
    instructions: readonly VoucherInstruction[],
  ): Promise<RepeatedItem | undefined>;
  find(id: bigint): Promise<BatchRow | undefined>;
  /** The batch that an institution's request made. */
  byRequest(institutionId: string, kind: BatchKind, requestId: string): Promise<bigint | undefined>;
  /** A batch by the id that its institution gave it. */
  byBatchId(institutionId: string, batchId: string): Promise<BatchRow | undefined>;
  progress(id: bigint): Promise<BatchProgress>;
  /** Takes the batch for this transaction, so that one worker at a time goes through it. */
  lock(id: bigint): Promise<BatchRow | undefined>;
  /** The next instructions, of all or of those after a line, that have neither a voucher nor a failure. */
  nextOpen(id: bigint, limit: number, afterLine?: number): Promise<VoucherInstruction[]>;
  /** Whether all of these lines have neither. They were open before, in this order, with no open one between them. */
  areOpen(id: bigint, lines: readonly number[]): Promise<boolean>;
  /** Gives open instructions their failures. Throws when one of them is not open. */
  fail(id: bigint, failures: readonly Failure[]): Promise<void>;
  /** Fills an instruction that replaces a voucher with what that voucher's own instruction says. */
  takeOver(id: bigint, line: number, lost: bigint): Promise<void>;
  complete(id: bigint): Promise<void>;
  /** In the order of the lines: all of them, or a slice. */
  results(id: bigint, slice?: { readonly afterLine: number; readonly limit: number }): Promise<BatchResult[]>;
  /** The caller has the numbers: from now the days run after which its copy of them is erased. */
  markDelivered(id: bigint): Promise<void>;
}

export const voucherActions = ["activate", "suspend", "unsuspend", "block", "cancel", "purge"] as const;

export type VoucherAction = (typeof voucherActions)[number];

/** `update` is a request whose items each name their own action. */
export type VoucherCommand = VoucherAction | "update";

export interface CommandRow {
  readonly id: bigint;
  readonly institutionId: string;
  readonly requestId: string;
  readonly batchId: string;
  readonly command: VoucherCommand;
  readonly callbackUrl: string;
}

export interface CommandItem {
  readonly line: number;
  readonly action: VoucherAction;
  readonly serialNumber: string;
  readonly leaseTo: string | null;
  readonly leaseUntil: Date | null;
  /** The merchant who will hand the voucher out. */
  readonly dispensedBy?: string | undefined;
}

/** What became of an item: failed with a reason, or done, perhaps only noted until a lease or a payout ends. */
export type ItemOutcome =
  | { readonly failureReason: string }
  | {
      readonly failureReason: null;
      readonly pending: PendingEnd | null;
      /** When what is pending takes effect at the latest; null where nobody knows. */
      readonly pendingUntil: Date | null;
    };

export type CommandResult = CommandItem & {
  readonly failureReason: string | null;
  readonly pending: PendingEnd | null;
  readonly pendingUntil: Date | null;
};

export interface CommandRows {
  insert(command: Omit<CommandRow, "id">, items: readonly CommandItem[]): Promise<bigint>;
  find(id: bigint): Promise<CommandRow | undefined>;
  /** The command that an institution's request made. */
  byRequest(institutionId: string, command: VoucherCommand, requestId: string): Promise<bigint | undefined>;
  /** Takes the command for this transaction, so that one worker at a time goes through it. */
  lock(id: bigint): Promise<CommandRow | undefined>;
  /** The next item that has no outcome. */
  nextOpen(id: bigint): Promise<CommandItem | undefined>;
  finish(id: bigint, line: number, outcome: ItemOutcome): Promise<void>;
  complete(id: bigint): Promise<void>;
  results(id: bigint): Promise<CommandResult[]>;
}

/** Serial and number that nobody has asked for yet: no voucher, no caller, no money set aside. */
export interface InventoryRow extends Money {
  readonly serial: bigint;
  readonly numberIndex: Uint8Array;
  readonly groupCode: string;
}

export interface InventoryRows {
  insert(row: InventoryRow): Promise<void>;
  find(serial: bigint): Promise<InventoryRow | undefined>;
  /** By the number's blind index. */
  byNumber(numberIndex: Uint8Array): Promise<InventoryRow | undefined>;
}

export interface Budget {
  readonly limitMinor: bigint;
  /** What all vouchers are worth that are neither cancelled nor expired: spent, or still able to be. */
  readonly usedMinor: bigint;
}

/** How much a programme may put into vouchers of a group, in one currency. */
export interface BudgetRows {
  /** Locks the budget against other issuing and adds up what is used of it; undefined where there is no limit. */
  lock(programId: string, groupCode: string, currency: string): Promise<Budget | undefined>;
}

/** A group's stock in one currency, and below what an operator is alerted; null where nothing is watched. */
export interface StockLevel {
  readonly groupCode: string;
  readonly currency: string;
  readonly fundingMinor: bigint;
  readonly leastFundingMinor: bigint | null;
  /** Pre-activated and activated vouchers within their time. */
  readonly vouchers: number;
  readonly leastVouchers: number | null;
}

export interface RestockingRows {
  /** Every group and currency that is watched, as it stands now. */
  levels(): Promise<StockLevel[]>;
}
