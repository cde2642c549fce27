/**
 * What the server's decisions need of its database: one transaction at a time, rows locked before they are judged.
 * The PostgreSQL implementation is in `../postgres/store.ts`.
 *
 * Lock order, the same everywhere: the node's row, then a bill, or a disbursement batch and its instructions by line, then
 * vouchers by serial, then accounts by id; payees by id.
 */
import type { Money } from "#core/money.ts";
import type { DisputeState } from "#core/dispute.machine.ts";
import type { OperationState } from "#core/operation.machine.ts";
import type { RedemptionState } from "#core/redemption.machine.ts";
import type { PendingEnd, VoucherState } from "#core/voucher.machine.ts";
import type { Epoch } from "#sync/documents/lease.ts";
import type { AuditHead } from "#sync/documents/verdict-list.ts";
import type { JournalEntry } from "../ledger/entries.ts";
import type { Contact } from "../notifications/port.ts";
import type { Facts } from "../notifications/templates.ts";
import type { AccountValidationRows } from "./account-validations.ts";
import type { BillTx } from "./bill-rows.ts";
import type { MapperRequestRows, PayeeRows } from "./mapper.ts";
import type { BatchDetailRows } from "./batch-detail.ts";
import type { ExecutionRows } from "./execution.ts";
import type { DisbursementRows, FundsRows } from "./disbursement.ts";

export interface Store {
  /** Runs `work` in one transaction: everything it did is committed when it returns, nothing when it throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface Tx extends BillTx {
  /** The database's clock, read now: a time taken after a lock is later than the one who held it before. */
  now(): Promise<Date>;
  readonly registry: RegistryRows;
  readonly vouchers: VoucherRows;
  readonly batches: BatchRows;
  readonly commands: CommandRows;
  readonly leases: LeaseRows;
  readonly claims: ClaimRows;
  readonly nodes: NodeRows;
  readonly operations: OperationRows;
  readonly requests: RequestRows;
  readonly ledger: LedgerRows;
  readonly shapes: ProjectionRows;
  readonly jobs: JobRows;
  readonly audit: AuditRows;
  readonly redemptionRequests: RedemptionRequestRows;
  readonly wrongNumbers: WrongNumberRows;
  readonly nodeQuestions: NodeQuestionRows;
  readonly alerts: AlertRows;
  readonly sealedAnswers: SealedAnswerRows;
  readonly inventory: InventoryRows;
  readonly budgets: BudgetRows;
  readonly restocking: RestockingRows;
  readonly limits: LimitRows;
  readonly carried: CarriedRows;
  readonly callbacks: CallbackRows;
  readonly notifications: NotificationRows;
  readonly recovery: RecoveryRows;
  readonly heldDecisions: HeldDecisionRows;
  readonly disputes: DisputeRows;
  readonly payees: PayeeRows;
  readonly mapperRequests: MapperRequestRows;
  readonly disbursements: DisbursementRows;
  readonly accountValidations: AccountValidationRows;
  readonly funds: FundsRows;
  readonly execution: ExecutionRows;
  readonly batchDetail: BatchDetailRows;
}

export type DisputeVerdict = "pay" | "refuse" | "write-off";

/** A redemption that lost its voucher after the goods were given. */
export interface DisputeRow extends Money {
  readonly nodeId: string;
  readonly hash: Uint8Array;
  readonly merchantId: string;
  readonly groupCode: string;
  readonly serial: bigint;
  /** The most that may be paid. */
  readonly guaranteedMinor: bigint;
  readonly state: DisputeState;
  readonly verdict: DisputeVerdict | null;
  readonly because: string | null;
  readonly proposedBy: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly firstDecidedBy: string | null;
  /** Why the merchant does not accept a refusal. */
  readonly appeal: string | null;
}

export interface DisputeRows {
  open(
    dispute: Pick<
      DisputeRow,
      | "nodeId"
      | "hash"
      | "merchantId"
      | "groupCode"
      | "serial"
      | "currency"
      | "amountMinor"
      | "guaranteedMinor"
    >,
  ): Promise<void>;
  lock(nodeId: string, hash: Uint8Array): Promise<DisputeRow | undefined>;
  /** Throws when one person would decide alone. */
  update(row: DisputeRow): Promise<void>;
  /** Of one node: those that are not ended before the others, the newest first. */
  ofNode(nodeId: string, limit: number): Promise<NodeDispute[]>;
}

/** A dispute together with the operation that it is about. */
export interface NodeDispute extends DisputeRow {
  readonly sequence: number;
  readonly reason: string;
  readonly openedAt: Date;
}

/** What people may make of a held operation. */
export type HeldVerdict = "apply" | "reject" | "write-off";

export interface HeldDecisionRows {
  /** False when something is proposed about the operation already. */
  propose(proposal: {
    readonly nodeId: string;
    readonly hash: Uint8Array;
    readonly verdict: HeldVerdict;
    readonly because: string;
    readonly by: string;
  }): Promise<boolean>;
  /** What is proposed and neither decided nor withdrawn. */
  lockProposal(
    nodeId: string,
    hash: Uint8Array,
  ): Promise<
    | { readonly id: bigint; readonly verdict: HeldVerdict; readonly because: string; readonly by: string }
    | undefined
  >;
  /** Throws when it is decided by whoever proposed it. */
  decide(id: bigint, by: string): Promise<void>;
  withdraw(id: bigint): Promise<void>;
}

/** The recovery of a restored database (design section 4.8). */
export interface RecoveryRow {
  readonly generation: number;
  /** When the longest lease that was granted before the restore has ended, with its grace. */
  readonly until: Date;
}

export interface RecoveryRows {
  /** The one that is under way. */
  open(): Promise<RecoveryRow | undefined>;
  lock(): Promise<RecoveryRow | undefined>;
  /** How many nodes have not uploaded since. */
  countAwaited(generation: number): Promise<number>;
  noteUploaded(generation: number, nodeId: string): Promise<void>;
  end(generation: number, how: "all-uploaded" | "time-passed"): Promise<void>;
}

export interface InstitutionRow {
  readonly id: string;
  readonly name: string;
  readonly callbackBaseUrl: string | null;
  readonly callbackMethod: "POST" | "PUT";
  /** `phee`: its requests are acknowledged with 202. */
  readonly profile: "govstack" | "phee";
  readonly boxPublicKey: Uint8Array | null;
}

export interface VoucherGroupRow {
  readonly code: string;
  readonly name: string;
  /** From activation. */
  readonly validityDays: number;
  /** How long a pre-activated voucher keeps its funding reserved. */
  readonly reservationDays: number;
  /** May be redeemed without a lease, within a policy's limits; lease-only otherwise. Never changes. */
  readonly atRisk: boolean;
}

export interface MerchantRow {
  readonly id: string;
  readonly name: string;
  readonly status: "active" | "closed";
  /** Where its FSP keeps its money, as the FSP writes it. */
  readonly account: string | null;
}

export interface MerchantContact {
  readonly area: string | null;
  readonly phone: string | null;
}

/** What an institution may do beyond the ordinary; each is granted by one person and approved by another. */
export type Permission = "override";

export interface PaymentTerms {
  readonly fspId: string | null;
  /** In the currency that was asked for. */
  readonly feeFixedMinor: bigint;
  readonly feeBasisPoints: number;
}

export interface RegistryRows {
  institution(id: string): Promise<InstitutionRow | undefined>;
  /** The institution registered under that name; undefined where there is none, or more than one. */
  institutionByName(name: string): Promise<InstitutionRow | undefined>;
  /** Ed25519: verifies an institution's G2P Connect messages; undefined where it does not sign them. */
  signingKey(institutionId: string): Promise<Uint8Array | undefined>;
  /** The institution that a client of X-Road is, and what it may do. */
  xRoadClient(
    client: string,
  ): Promise<{ readonly institutionId: string; readonly scopes: readonly string[] } | undefined>;
  /** A voucher group by its code or its name. */
  voucherGroup(codeOrName: string): Promise<VoucherGroupRow | undefined>;
  merchant(id: string): Promise<MerchantRow | undefined>;
  fsp(id: string): Promise<{ readonly id: string; readonly name: string } | undefined>;
  /** Where the merchant is and can be called, as far as that was registered. */
  contact(merchantId: string): Promise<MerchantContact>;
  /** Whether one of the merchant's groups may redeem vouchers of the group. */
  accepts(merchantId: string, groupCode: string): Promise<boolean>;
  /** How the merchant is paid for a voucher of the group, and what that costs it. */
  paymentTerms(merchantId: string, groupCode: string, currency: string): Promise<PaymentTerms>;
  /**
   * The same for a group that the caller names: the voucher's, or the merchant's own that accepts it, by code or name;
   * null names none.
   */
  acceptsAs(merchantId: string, groupCode: string, named: string | null): Promise<boolean>;
  /** Merchants of that name whose provider (by id or name) or account the bank details are. */
  merchantsByName(name: string, bankDetails: string): Promise<MerchantRow[]>;
  /** Whether two people granted it. */
  hasPermission(institutionId: string, permission: Permission): Promise<boolean>;
  /** The database's generation, raised by each restore. */
  generation(): Promise<number>;
}

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
  readonly expiresAt: Date;
  /** The number encrypted for the caller, base64, at most 44 characters; null where it is handed over otherwise. */
  readonly ciphertext: string | null;
  /** The lost voucher that it is made for. */
  readonly replaces?: bigint;
}

/** `index` counts from zero. */
export interface Page {
  readonly index: number;
  readonly size: number;
}

export interface VoucherRows {
  nextSerials(count: number): Promise<bigint[]>;
  /** Returns the serials that were made: not those whose number, by its blind index, is another voucher's already. */
  insert(rows: readonly NewVoucher[]): Promise<ReadonlySet<bigint>>;
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

export interface LeaseRow {
  readonly serial: bigint;
  readonly nodeId: string;
  readonly epoch: Epoch;
  readonly notAfter: Date;
  readonly document: Uint8Array;
  /** False where the issuer named its end. */
  readonly renewable: boolean;
}

/** An open lease, and since when its holder is asked to give it back. */
export interface OpenLease extends LeaseRow {
  readonly recalledAt: Date | null;
}

export type LeaseEnd = "redeemed" | "released" | "expired" | "renewed";

export interface LeaseRows {
  open(serial: bigint): Promise<OpenLease | undefined>;
  /** Serials of the node's open leases, those that end first before the others. */
  ofNode(nodeId: string, limit: number): Promise<bigint[]>;
  countOpen(nodeId: string): Promise<number>;
  /** How many leases the voucher ever had in this generation: the next epoch's n is one more. */
  lastEpochN(serial: bigint, generation: number): Promise<number>;
  /** Whether the voucher was ever leased to the node under that epoch. */
  wasGranted(serial: bigint, nodeId: string, epoch: Epoch): Promise<boolean>;
  insert(row: LeaseRow): Promise<void>;
  /** One that this database had forgotten, and that opens nothing any more. */
  insertClosed(row: LeaseRow, at: Date): Promise<void>;
  close(serial: bigint, epoch: Epoch, end: LeaseEnd, at: Date): Promise<void>;
  markRecalled(serial: bigint, epoch: Epoch, at: Date): Promise<void>;
  /** Serials of open leases whose not-after lies before the given time. */
  overdue(before: Date, limit: number): Promise<bigint[]>;
}

export interface ClaimRow extends Money {
  readonly id: string;
  readonly serial: bigint;
  /** Null where the voucher pays a bill. */
  readonly merchantId: string | null;
  /** The biller whose bill it pays. */
  readonly billerId: string | null;
  readonly offline: boolean;
  readonly state: RedemptionState;
  readonly transactionId: string;
  /** The merchant's FSP at the time of the claim; null where the merchant is paid in our own ledger. */
  readonly fspId: string | null;
  /** What the merchant gets less than the amount. */
  readonly feeMinor: bigint;
  /** Whether the FSP's liquidity is held for the claim. */
  readonly liquidityHeld: boolean;
}

/** A claim that is paid out to a merchant. */
export interface MerchantClaim extends ClaimRow {
  readonly merchantId: string;
}

/** A credit by a provider outside of this database, noted before it is sent. */
export interface PayoutAttempt {
  /** Counted from 1; the provider's idempotency key derives from claim and number. */
  readonly n: number;
  /** Null while it may have been sent and is not known to have ended. */
  readonly outcome: "paid" | "failed" | null;
}

export interface ClaimRows {
  insert(row: ClaimRow): Promise<void>;
  find(id: string): Promise<ClaimRow | undefined>;
  live(serial: bigint): Promise<ClaimRow | undefined>;
  update(id: string, state: RedemptionState, endedAt: Date | null): Promise<void>;
  markLiquidityHeld(id: string): Promise<void>;
  /** Counts a try, and keeps why it did not pay. */
  noteTry(id: string, failure: string | null): Promise<void>;
  /** In the order of their numbers. */
  attempts(id: string): Promise<PayoutAttempt[]>;
  startAttempt(id: string, n: number): Promise<void>;
  endAttempt(id: string, n: number, outcome: "paid" | "failed"): Promise<void>;
  /** What was paid for a node's operations, in the order of payment, after the claim of that transaction id. */
  paidOfNode(
    node: Pick<NodeRow, "id" | "merchantId">,
    after: string | null,
    limit: number,
  ): Promise<PaidClaim[]>;
}

export interface PaidClaim extends Money {
  readonly transactionId: string;
  /** Of the operation that claimed it. */
  readonly sequence: number;
  readonly serial: bigint;
  readonly feeMinor: bigint;
  readonly paidAt: Date;
  /** The merchant's, as its FSP writes it; null where it has none. */
  readonly account: string | null;
  readonly fspName: string | null;
}

export interface NodeRow {
  readonly id: string;
  readonly merchantId: string;
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly certificate: Uint8Array;
  readonly status: "active" | "frozen" | "revoked";
  readonly lastSequence: number;
  readonly lastHash: Uint8Array;
  readonly assertionCounter: number;
  /** How many leases it may hold at once. */
  readonly mostLeases: number;
}

export interface EnrolmentCodeRow {
  readonly merchantId: string;
  readonly nodeName: string;
  readonly expiresAt: Date;
  /** Whether the machine may pay vouchers out in cash. */
  readonly agent: boolean;
  /** The node that used the code; null while nobody has. */
  readonly nodeId: string | null;
}

export interface NodeRows {
  lock(id: string): Promise<NodeRow | undefined>;
  find(id: string): Promise<NodeRow | undefined>;
  ofMerchant(merchantId: string): Promise<NodeRow[]>;
  insert(row: Omit<NodeRow, "status" | "lastSequence" | "assertionCounter" | "mostLeases">): Promise<void>;
  advance(id: string, lastSequence: number, lastHash: Uint8Array): Promise<void>;
  setStatus(id: string, status: NodeRow["status"]): Promise<void>;
  /** Raises the counter; false when it is not above the one seen last. */
  countAssertion(id: string, counter: number): Promise<boolean>;
  openSession(id: string, tokenHash: Uint8Array, expiresAt: Date): Promise<void>;
  bySession(tokenHash: Uint8Array): Promise<NodeRow | undefined>;
  /** Notes the contact, and how far the node's wall clock is ahead; null leaves that as it was measured last. */
  touch(id: string, clockOffsetMs: number | null): Promise<void>;
  insertCode(code: Omit<EnrolmentCodeRow, "nodeId"> & { readonly codeHash: Uint8Array }): Promise<void>;
  lockCode(codeHash: Uint8Array): Promise<EnrolmentCodeRow | undefined>;
  useCode(codeHash: Uint8Array, nodeId: string): Promise<void>;
}

export type OperationBranch = "chain" | "fork" | "beyond";

export interface OperationRow {
  readonly nodeId: string;
  readonly hash: Uint8Array;
  readonly sequence: number;
  /** Null where the operation could not be read. */
  readonly operationId: string | null;
  readonly branch: OperationBranch;
  readonly type: string;
  readonly signed: Uint8Array;
  readonly sealed: Uint8Array | null;
  readonly state: OperationState;
  readonly reason: string | null;
  readonly transactionId: string | null;
  /** Hash of the operation that won, where this one lost the voucher to another. */
  readonly evidence: Uint8Array | null;
  /** What is guaranteed of a redemption that lost its voucher; null where nothing is. */
  readonly guaranteedMinor: bigint | null;
  readonly claimId: string | null;
  readonly serial: bigint | null;
  readonly decidedAt: Date | null;
}

export interface OperationRows {
  insert(row: OperationRow): Promise<void>;
  byHash(nodeId: string, hash: Uint8Array): Promise<OperationRow | undefined>;
  /** Of whatever node: a hash covers the node that signed. */
  byHashAlone(hash: Uint8Array): Promise<OperationRow | undefined>;
  bySequence(nodeId: string, sequence: number): Promise<OperationRow | undefined>;
  byOperationId(nodeId: string, operationId: string): Promise<OperationRow | undefined>;
  /** The operation whose claim holds the voucher. */
  byClaim(claimId: string): Promise<OperationRow | undefined>;
  /** Operations of the chain that name the voucher and are held, for whatever reason, in order of arrival. */
  heldFor(serial: bigint): Promise<OperationRow[]>;
  /** Operations of the chain that are held for the reason, in order of arrival, at most `limit`. */
  heldBecause(reason: string, limit: number): Promise<OperationRow[]>;
  /** Writes the verdict; and the serial of one that could not be read when it came. */
  decide(row: OperationRow): Promise<void>;
}

export interface StoredRequest {
  readonly bodyHash: Uint8Array;
  readonly status: number | null;
  readonly response: string | null;
}

export interface RequestRows {
  /** Takes the key; returns what is stored when it was taken before, waiting for whoever holds it now. */
  begin(key: RequestKey, bodyHash: Uint8Array): Promise<StoredRequest | undefined>;
  answer(key: RequestKey, status: number, response: string): Promise<void>;
  /** Gives back a key taken in this transaction: a refused request leaves nothing, not even its id. */
  forget(key: RequestKey): Promise<void>;
}

export interface RequestKey {
  readonly institutionId: string;
  /** Method, path and command. */
  readonly call: string;
  readonly requestId: string;
}

export interface LedgerRows {
  /** Books a balanced entry. Returns false when one with the same idempotency key is booked already. */
  post(entry: JournalEntry): Promise<boolean>;
  /** Locks the account and reads its balance in minor units; zero for one never used. */
  lockBalance(accountId: string): Promise<bigint>;
}

/** The rows that nodes read as shapes (`migrations/server/0030-shapes.sql`). */
export interface ProjectionRows {
  putLease(row: LeaseRow, token: string): Promise<void>;
  removeLease(nodeId: string, serial: bigint): Promise<void>;
  /** Tells the holder that its lease is asked back. */
  recallLease(nodeId: string, serial: bigint, at: Date): Promise<void>;
  /** Tells the other nodes of the merchant, all that are active, at which till the voucher is. */
  putElsewhere(row: LeaseRow): Promise<void>;
  removeElsewhere(serial: bigint): Promise<void>;
  /** Tells a new node which vouchers the other nodes of its merchant hold. */
  tellNewNode(nodeId: string): Promise<void>;
  putVerdict(nodeId: string, sequence: number, verdictList: Uint8Array): Promise<void>;
  putTrust(nodeId: string, kind: string, version: number, document: Uint8Array): Promise<void>;
  /** The parts of the list of what nodes must deny at risk. */
  deniedChunks(): Promise<number[]>;
  /** Writes one part anew from its vouchers; every change of a voucher does so with its commit. */
  rewriteDenied(chunk: number): Promise<void>;
}

/** Work to be done after the commit, at least once. Jobs name what they are about and carry no data of it. */
export type Job =
  | { readonly queue: "issue-batch"; readonly id: string }
  | { readonly queue: "run-command"; readonly id: string }
  | { readonly queue: "map-payees"; readonly id: string }
  | { readonly queue: "validate-at-bank"; readonly id: string }
  | { readonly queue: "callback"; readonly id: string }
  | { readonly queue: "notify"; readonly id: string }
  | { readonly queue: "payout"; readonly id: string }
  | { readonly queue: "authorise-funds"; readonly id: string }
  | { readonly queue: "start-batch"; readonly id: string }
  | { readonly queue: "execute-batch"; readonly id: string }
  /** Batch and chunk, joined by a slash. */
  | { readonly queue: "pay-chunk"; readonly id: string };

export interface JobRows {
  /** Done after the commit, at least once; `afterSeconds` delays the first try. */
  enqueue(job: Job, afterSeconds?: number): Promise<void>;
}

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

export interface AuditRows {
  record(entry: AuditEntry): Promise<void>;
  /** Many at once, in their order. */
  recordAll(entries: readonly AuditEntry[]): Promise<void>;
  /** The last place of the chain and its hash; null while no entry has a place. */
  head(): Promise<AuditHead | null>;
}

/** A redemption whose outcome goes out by callback. */
export interface RedemptionRequestRow {
  readonly id: bigint;
  readonly institutionId: string;
  readonly requestId: string;
  readonly serialNumber: string;
  readonly callbackUrl: string;
  /** The claim that it made; null where it was refused at once. */
  readonly claimId: string | null;
  readonly refusal: string | null;
  readonly createdAt: Date;
}

export interface RedemptionRequestRows {
  insert(row: Omit<RedemptionRequestRow, "id" | "createdAt">): Promise<bigint>;
  find(id: bigint): Promise<RedemptionRequestRow | undefined>;
  byRequest(institutionId: string, requestId: string): Promise<RedemptionRequestRow | undefined>;
  byClaim(claimId: string): Promise<RedemptionRequestRow | undefined>;
}

/** Voucher numbers that were tried and do not fit; never the numbers themselves. */
export interface WrongNumberRows {
  record(attempt: {
    readonly serial: bigint | null;
    readonly agentId: string | null;
    readonly institutionId: string;
  }): Promise<void>;
  /** How many since the given time, for the voucher, by the agent, and by the institution. */
  countSince(
    since: Date,
    of: { readonly serial: bigint | null; readonly agentId: string | null; readonly institutionId: string },
  ): Promise<{ readonly voucher: number; readonly agent: number; readonly institution: number }>;
}

/** A wish for leases by quantity, and what it was answered. */
export interface LeaseRequestRow {
  readonly group: string;
  readonly quantity: number;
  readonly granted: number;
  readonly held: number;
  readonly most: number;
  readonly because: string | null;
}

export interface NodeQuestionRows {
  leaseRequest(nodeId: string, requestId: string): Promise<LeaseRequestRow | undefined>;
  keepLeaseRequest(nodeId: string, requestId: string, row: LeaseRequestRow): Promise<void>;
  /** Until the end of the transaction no other counts questions about the voucher. */
  lockDoubts(serial: bigint): Promise<void>;
  /** Questions to the registry without a yes since then: by the node, and for the voucher. */
  countDoubts(
    since: Date,
    of: { readonly nodeId: string; readonly serial: bigint },
  ): Promise<{ readonly node: number; readonly voucher: number }>;
  recordDoubt(of: { readonly nodeId: string; readonly serial: bigint }): Promise<bigint>;
  removeDoubt(id: bigint): Promise<void>;
  insertPinCode(code: {
    readonly codeHash: Uint8Array;
    readonly nodeId: string;
    readonly expiresAt: Date;
  }): Promise<void>;
  /** False unless it is the node's, in time, and unused or used for this request. */
  usePinCode(codeHash: Uint8Array, nodeId: string, request: string): Promise<boolean>;
  /** What is older than that serves nothing any more. */
  forgetBefore(time: Date): Promise<void>;
}

/** What an operator should look at: one alert of a kind is open for a subject at a time. */
export interface AlertRows {
  /** Returns false when the same alert is open already. */
  raise(kind: string, subject: string, detail: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Returns false when none is open. */
  end(kind: string, subject: string): Promise<boolean>;
  /** Those that nobody was told of, which they are from now on. */
  takeUntold(
    limit: number,
  ): Promise<readonly { readonly id: bigint; readonly kind: string; readonly subject: string }[]>;
}

/** Answers that hold a voucher number, sealed, so that a repeated request gets its first answer for a while. */
export interface SealedAnswerRows {
  /** For a request that this transaction has begun. */
  put(key: RequestKey, sealed: Uint8Array): Promise<void>;
  /** Null once it was erased; undefined where none was put. */
  find(key: RequestKey): Promise<Uint8Array | null | undefined>;
  /** Erases those put before the given time and returns how many. */
  eraseBefore(time: Date): Promise<number>;
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

export interface PolicyRow {
  readonly version: number;
  /** Signed. */
  readonly document: Uint8Array;
}

/** A signed policy's limits, and what the server needs to judge nodes by them. */
export interface LimitRows {
  policy(version: number): Promise<PolicyRow | undefined>;
  /** The newest. */
  currentPolicy(): Promise<PolicyRow | undefined>;
  /** One policy is issued at a time, and no node enrols meanwhile. */
  lockPolicies(): Promise<void>;
  /** Stores a policy and tells it to every node. */
  issuePolicy(
    row: PolicyRow & { readonly lateSettlementHours: number; readonly issuedBy: string },
  ): Promise<void>;
  /** Of all policies that were ever issued. */
  longestLateSettlementMs(): Promise<number>;
  /** Tells the newest policy to a new node. */
  tellPolicy(nodeId: string): Promise<void>;
  /** What a signed answer told the node: its time, and the version of the policy current then; 0 for none. */
  noteContact(nodeId: string, toldMs: number, policyVersion: number): Promise<void>;
  /** The contact with that very time; undefined where the node was never told it, or may no longer name it. */
  contact(nodeId: string, toldMs: number): Promise<{ readonly policyVersion: number } | undefined>;
  forgetContacts(nodeId: string, beforeMs: number): Promise<void>;
  /** Counts an operation that is stored against the contact that it names. */
  noteUse(
    nodeId: string,
    use: { readonly operationHash: Uint8Array; readonly toldMs: number; readonly money: Money },
  ): Promise<void>;
  /** What was noted for that contact: how many in all, and their sum in one currency. */
  used(nodeId: string, toldMs: number, currency: string): Promise<{ count: number; sumMinor: bigint }>;
}

/** A file of operations that was handed in, and what its node is told: the same file is acknowledged once. */
export interface CarriedFileRow {
  readonly hash: Uint8Array;
  readonly nodeId: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly handedInBy: string;
  /** Signed. */
  readonly acknowledgement: Uint8Array;
}

export interface CarriedRows {
  find(hash: Uint8Array): Promise<CarriedFileRow | undefined>;
  /** Keeps the first of two that come at once. */
  keep(row: CarriedFileRow): Promise<void>;
}

export const callbackKinds = [
  "batch",
  "command",
  "redemption",
  "mapper",
  "disbursement",
  "funds",
  "bill-inquiry",
  "bill-question",
  "bill-payment",
  "bill-advice",
  "rtp-request",
  "rtp-update",
  "rtp-cancellation",
  "rtp-status",
] as const;

/** What is told: to whoever asked for it by a request, or to a biller or payer FI at its endpoint. */
export type CallbackKind = (typeof callbackKinds)[number];

export interface CallbackRow {
  readonly id: bigint;
  readonly institutionId: string;
  readonly kind: CallbackKind;
  /** The id of what it tells of; which rows those are, the kind says. */
  readonly subject: bigint;
  readonly url: string;
  readonly state: "waiting" | "delivered" | "undeliverable";
  /** When it was last asked for; it is given up some days after. */
  readonly requestedAt: Date;
  readonly tries: number;
  readonly lastTriedAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  /** Of what called for it, as the caller or the node knows it. */
  readonly correlationId: string | null;
}

export interface CallbackRows {
  /** Makes the callback wait to be sent, for the first time or once more. */
  request(
    callback: Pick<CallbackRow, "institutionId" | "kind" | "subject" | "url" | "correlationId">,
  ): Promise<bigint>;
  find(id: bigint): Promise<CallbackRow | undefined>;
  stateOf(kind: CallbackKind, subject: bigint): Promise<CallbackRow["state"] | undefined>;
  /** Returns false, and records nothing, when it was asked for again since it was read, or delivered meanwhile. */
  recordTry(
    callback: Pick<CallbackRow, "id" | "requestedAt">,
    attempt: {
      readonly state: CallbackRow["state"];
      readonly status: number | null;
      readonly error: string | null;
    },
  ): Promise<boolean>;
  /** An institution's callbacks that were not delivered, the newest first. */
  undelivered(
    institutionId: string,
    page: Page,
  ): Promise<{ readonly total: number; readonly rows: readonly CallbackRow[] }>;
  /** Makes one wait again; false when the institution has none of that id. */
  resend(institutionId: string, id: bigint): Promise<boolean>;
  /** Waiting ones that nobody has tried since they were asked for, some time ago: their job may be missing. */
  forgotten(limit: number): Promise<bigint[]>;
}

export interface NotificationRow {
  readonly id: bigint;
  /** The claim, credit or alert that it tells of. */
  readonly subject: string;
  readonly to: Contact;
  readonly facts: Facts;
  readonly state: "waiting" | "sent" | "failed";
  readonly tries: number;
  /** When it was last asked for. */
  readonly requestedAt: Date;
}

export interface NotificationRows {
  /** Where the claim's merchant and its voucher's beneficiary are reached, as far as that is known. */
  contactsOf(claim: Pick<MerchantClaim, "serial" | "merchantId">): Promise<{
    readonly merchant: { readonly name: string; readonly contact: Contact | undefined };
    readonly payee: Contact | undefined;
  }>;
  /** Where payees of an institution are reached, as far as that is known. */
  contactsOfPayees(
    institutionId: string,
    payeeFunctionalIds: readonly string[],
  ): Promise<ReadonlyMap<string, Contact>>;
  /** Undefined when the same was told of before. */
  insert(row: Pick<NotificationRow, "subject" | "to" | "facts">): Promise<bigint | undefined>;
  find(id: bigint): Promise<NotificationRow | undefined>;
  /** Returns false, and records nothing, when it was asked for again since it was read, or sent meanwhile. */
  recordTry(
    row: Pick<NotificationRow, "id" | "requestedAt">,
    state: NotificationRow["state"],
    error: string | null,
  ): Promise<boolean>;
  /** Erases those of notifications last asked for before the given time that wait no longer; returns how many. */
  eraseAddresses(before: Date): Promise<number>;
  /** Waiting ones that nobody has tried since they were asked for, some time ago. */
  forgotten(limit: number): Promise<bigint[]>;
}
