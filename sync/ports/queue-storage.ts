/**
 * What the queue needs of the node's storage. Everything is synchronous: a node has one writer, and a signature is
 * made inside the transaction that stores it. The SQLite implementation is in `desktop/worker/store`.
 */
import type { OperationState } from "#core/operation.machine.ts";
import type { ChainHead } from "../chain.ts";

export interface StoredOperation {
  readonly sequence: number;
  readonly operationId: string;
  readonly hash: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly signed: Uint8Array;
  readonly sealed: Uint8Array | null;
  readonly type: string;
  readonly createdMs: number;
  readonly state: OperationState;
  /** Why it was rejected or is held. */
  readonly reason: string | null;
  readonly transactionId: string | null;
  readonly decidedMs: number | null;
}

export type NewOperation = Pick<
  StoredOperation,
  "sequence" | "operationId" | "hash" | "previousHash" | "signed" | "sealed" | "type" | "createdMs"
>;

export type StoredVerdict = Pick<
  StoredOperation,
  "sequence" | "state" | "reason" | "transactionId" | "decidedMs"
>;

export interface QueueStorage {
  /** Everything that `work` did is stored when it returns, nothing when it throws. */
  transaction<T>(work: () => T): T;
  /** Whether an error that was thrown is the disk's: full, or not to be written. Such a failure may pass. */
  isStorageFailure(error: unknown): boolean;
  /** The last operation; sequence 0 and the certificate's hash before the first one. */
  head(): ChainHead;
  /** The hash of an operation, the certificate's for 0, undefined for one that is not there. */
  hashAt(sequence: number): Uint8Array | undefined;
  find(sequence: number): StoredOperation | undefined;
  /**
   * Brings the head file up to date where the last write of it had failed. Throws a storage failure where it fails again:
   * nothing may leave the node then (Q3).
   */
  agreeOnHead(): void;
  /** In order, at most `limit`. */
  after(sequence: number, limit: number): StoredOperation[];
  append(operation: NewOperation): void;
  /** Writes what a signed verdict list said of an operation. */
  decide(verdict: StoredVerdict, listHash: Uint8Array): void;
  /** Keeps a signed verdict list; one that is kept already stays as it is. */
  keepList(hash: Uint8Array, document: Uint8Array, serverTimeMs: number): void;
  /** The signed list with the operation's last verdict; undefined before the first. */
  verdictListOf(sequence: number): Uint8Array | undefined;
  /** The last sequence number that the server holds and whose verdict, like that of all before it, is here. */
  serverSequence(): number;
  /** What a signed verdict list said the server holds; it may have lost the answers to the last of them. */
  setServerSequence(sequence: number): void;
}
