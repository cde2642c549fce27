/**
 * Nodes: enrolment and sessions, their leases, operations and limits, what they read, carry and ask. Part of
 * `./store.ts`, which everybody imports.
 */
import type { Money } from "#core/money.ts";
import type { OperationState } from "#core/operation.machine.ts";
import type { NodeReport } from "#sync/documents/session-assertion.ts";
import type { Epoch } from "#sync/documents/lease.ts";

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
  openOf(serials: readonly bigint[]): Promise<OpenLease[]>;
  /** Serials of the node's open leases, those that end first before the others. */
  ofNode(nodeId: string, limit: number): Promise<bigint[]>;
  countOpen(nodeId: string): Promise<number>;
  /** How many leases the voucher ever had in this generation: the next epoch's n is one more. */
  lastEpochN(serial: bigint, generation: number): Promise<number>;
  /** Whether the voucher was ever leased to the node under that epoch. */
  wasGranted(serial: bigint, nodeId: string, epoch: Epoch): Promise<boolean>;
  /** For each whether it was. */
  wereGranted(
    leases: readonly { readonly serial: bigint; readonly nodeId: string; readonly epoch: Epoch }[],
  ): Promise<boolean[]>;
  insert(row: LeaseRow): Promise<void>;
  /** One that this database had forgotten, and that opens nothing any more. */
  insertClosed(row: LeaseRow, at: Date): Promise<void>;
  close(serial: bigint, epoch: Epoch, end: LeaseEnd, at: Date): Promise<void>;
  closeAll(
    leases: readonly {
      readonly serial: bigint;
      readonly epoch: Epoch;
      readonly end: LeaseEnd;
      readonly at: Date;
    }[],
  ): Promise<void>;
  markRecalled(serial: bigint, epoch: Epoch, at: Date): Promise<void>;
  /** Serials of open leases whose not-after lies before the given time. */
  overdue(before: Date, limit: number): Promise<bigint[]>;
}

export interface NodeRow {
  readonly id: string;
  readonly merchantId: string;
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly certificate: Uint8Array;
  /** The first operation that its present key signs; 0 while that is the key that it was enrolled with. */
  readonly keyFrom: number;
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
  insert(
    row: Omit<NodeRow, "keyFrom" | "status" | "lastSequence" | "assertionCounter" | "mostLeases">,
  ): Promise<void>;
  /** Keeps the key that it had so far, and ends its sessions. */
  changeKey(node: NodeRow, to: Pick<NodeRow, "publicKey" | "certificate" | "keyFrom">): Promise<void>;
  /** The keys that it had before, the latest first. */
  earlierKeys(id: string): Promise<Pick<NodeRow, "publicKey" | "certificate" | "keyFrom">[]>;
  advance(id: string, lastSequence: number, lastHash: Uint8Array): Promise<void>;
  setStatus(id: string, status: NodeRow["status"]): Promise<void>;
  /** Raises the counter; false when it is not above the one seen last. */
  countAssertion(id: string, counter: number): Promise<boolean>;
  openSession(id: string, tokenHash: Uint8Array, expiresAt: Date): Promise<void>;
  /** What the node tells of itself; only the last word is kept. */
  report(id: string, report: NodeReport): Promise<void>;
  /** Everything that it had told to be waiting is here. */
  reportEmptied(id: string): Promise<void>;
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
  insertAll(rows: readonly OperationRow[]): Promise<void>;
  byHash(nodeId: string, hash: Uint8Array): Promise<OperationRow | undefined>;
  /** Of whatever node: a hash covers the node that signed. */
  byHashAlone(hash: Uint8Array): Promise<OperationRow | undefined>;
  bySequence(nodeId: string, sequence: number): Promise<OperationRow | undefined>;
  byOperationId(nodeId: string, operationId: string): Promise<OperationRow | undefined>;
  /** Whether any of them was stored before, on whatever branch, or any of the ids is in the chain. */
  knowsAny(
    nodeId: string,
    of: { readonly hashes: readonly Uint8Array[]; readonly operationIds: readonly string[] },
  ): Promise<boolean>;
  /** The operation whose claim holds the voucher. */
  byClaim(claimId: string): Promise<OperationRow | undefined>;
  /** Operations of the chain that name the voucher and are held, for whatever reason, in order of arrival. */
  heldFor(serial: bigint): Promise<OperationRow[]>;
  heldForAny(serials: readonly bigint[]): Promise<OperationRow[]>;
  /** Operations of the chain that are held for the reason, in order of arrival, at most `limit`. */
  heldBecause(reason: string, limit: number): Promise<OperationRow[]>;
  /** Writes the verdict; and the serial of one that could not be read when it came. */
  decide(row: OperationRow): Promise<void>;
  decideAll(rows: readonly OperationRow[]): Promise<void>;
}

/** The rows that nodes read as shapes (`migrations/server/0030-shapes.sql`). */
export interface ProjectionRows {
  putLease(row: LeaseRow, token: string): Promise<void>;
  removeLease(nodeId: string, serial: bigint): Promise<void>;
  removeLeases(leases: readonly { readonly nodeId: string; readonly serial: bigint }[]): Promise<void>;
  /** Tells the holder that its lease is asked back. */
  recallLease(nodeId: string, serial: bigint, at: Date): Promise<void>;
  /** Tells the other nodes of the merchant, all that are active, at which till the voucher is. */
  putElsewhere(row: LeaseRow): Promise<void>;
  removeElsewhere(serial: bigint): Promise<void>;
  removeAllElsewhere(serials: readonly bigint[]): Promise<void>;
  /** Tells a new node which vouchers the other nodes of its merchant hold. */
  tellNewNode(nodeId: string): Promise<void>;
  putVerdict(nodeId: string, sequence: number, verdictList: Uint8Array): Promise<void>;
  /** Tells a new node the newest key set, and returns it. Nobody publishes another until the end of the transaction. */
  tellKeySet(nodeId: string): Promise<Uint8Array>;
  /** The parts of the list of what nodes must deny at risk. */
  deniedChunks(): Promise<number[]>;
  /** Writes one part anew from its vouchers; every change of a voucher does so with its commit. */
  rewriteDenied(chunk: number): Promise<void>;
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
