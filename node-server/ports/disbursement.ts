/** What bulk disbursement needs of the database; a part of the store (`./store.ts`). */
import type { BatchState } from "#core/batch.machine.ts";
import type { CreditInstructionState } from "#core/credit-instruction.machine.ts";

/** How an institution disburses. */
export interface DisbursementTerms {
  readonly institutionId: string;
  /** The bank that authorises; null where the institution's money lies in our own ledger. */
  readonly payerBank: string | null;
  readonly payerIdentifier: string;
  /** Calling code that a phone number without one is given. */
  readonly countryCode: string | null;
  readonly voucherGroup: string | null;
  readonly duplicateDays: number;
  readonly mostFailedPercent: number | null;
}

export type BatchSource = "json" | "csv" | "pain.001" | "1.0";

/** A batch as it is accepted. */
export interface NewDisbursementBatch {
  readonly batchId: string;
  readonly institutionId: string;
  readonly externalId: string | null;
  readonly source: BatchSource;
  readonly requestId: string;
  readonly programId: string | null;
  readonly callbackUrl: string | null;
  readonly currency: string;
  readonly totalCount: number;
  readonly totalMinor: bigint;
  readonly contentHash: Uint8Array;
  readonly submittedBy: string;
  readonly executeAt: Date | null;
  /** The batch that has to be settled first. */
  readonly afterBatch: bigint | null;
  readonly mostFailedPercent: number | null;
  /** Whether a payee's instructions are paid by one credit. */
  readonly combined: boolean;
}

export interface DisbursementBatch extends NewDisbursementBatch {
  readonly id: bigint;
  readonly state: BatchState;
  readonly stateReason: string | null;
  readonly judgedFromFailed: number;
  readonly judgedFromPaid: number;
  readonly approvedBy: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly settledAt: Date | null;
}

export type AddressKind = "iban" | "account" | "msisdn" | "wallet" | "proxy";

export interface SealedAddress {
  readonly kind: AddressKind;
  readonly sealed: Uint8Array;
}

/** A credit instruction as it is accepted. */
export interface NewCreditInstruction {
  readonly line: number;
  readonly instructionId: string;
  /** Whom the mapper is asked for when it is paid. */
  readonly payeeIdentity: string | null;
  /** Where the sender said that the money goes; the mapper is not asked then. */
  readonly address: SealedAddress | null;
  readonly institutionCode: string | null;
  readonly payeeIndex: Uint8Array;
  readonly paymentMode: string;
  readonly payerParty: string | null;
  readonly amountMinor: bigint;
  /** What the payment costs the agency, on top of the amount. */
  readonly feeMinor: bigint;
  readonly narration: string;
  readonly fingerprint: Uint8Array;
  /** What was put right in the sender's formats, in words. */
  readonly corrections: readonly string[];
}

export interface CreditInstruction extends NewCreditInstruction {
  readonly state: CreditInstructionState;
}

/** An instruction that an earlier batch, or an earlier line, holds already. */
export interface RepeatedInstruction {
  readonly line: number;
  readonly of: "instruction id" | "payment";
  readonly earlier: { readonly batchId: string; readonly line: number };
}

export interface Signatory {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

export interface Approval {
  readonly by: string;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** How many instructions are where, and what they amount to. */
export interface BatchTotals {
  readonly ongoing: number;
  readonly failed: number;
  readonly completed: number;
  readonly ongoingMinor: bigint;
  readonly failedMinor: bigint;
  readonly completedMinor: bigint;
}

/** What the sender is told at a step of its batch. */
export interface DisbursementReport extends BatchTotals {
  readonly id: bigint;
  readonly batch: bigint;
  readonly at: Date;
  readonly note: string;
}

/** What a payment costs the agency, in one currency. */
export interface DisbursementFee {
  readonly feeFixedMinor: bigint;
  readonly feeBasisPoints: number;
}

export interface FundsAuthorisation {
  readonly batch: bigint;
  /** Counted from 1. */
  readonly n: number;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
  /** Null where the money lies in our own ledger. */
  readonly payerBank: string | null;
  readonly correlationId: string;
  readonly askedAt: Date;
  readonly tries: number;
  readonly answer: "Y" | "N" | null;
}

/** A question to us as somebody's payer bank, with its answer. */
export interface FundsQuestion {
  readonly id: bigint;
  readonly institutionId: string;
  readonly requestId: string;
  readonly batchId: string;
  readonly payerIdentifier: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly answer: "Y" | "N";
  readonly reason: string;
  readonly callbackUrl: string;
}

export interface FundsRows {
  payerBank(id: string): Promise<{ readonly id: string; readonly url: string } | undefined>;
  fee(institutionId: string, currency: string): Promise<DisbursementFee>;
  /** What the batch's instructions of the state, and the fees of each, add up to. */
  needed(
    batch: bigint,
    state: "waiting" | "failed",
  ): Promise<{ readonly amountMinor: bigint; readonly feeMinor: bigint }>;
  ask(
    authorisation: Pick<
      FundsAuthorisation,
      "batch" | "n" | "amountMinor" | "feeMinor" | "payerBank" | "correlationId"
    >,
  ): Promise<void>;
  /** The newest. */
  last(batch: bigint): Promise<FundsAuthorisation | undefined>;
  byCorrelation(correlationId: string): Promise<FundsAuthorisation | undefined>;
  noteTry(of: Pick<FundsAuthorisation, "batch" | "n">, error: string | null): Promise<void>;
  answer(of: Pick<FundsAuthorisation, "batch" | "n">, answer: "Y" | "N", reason: string): Promise<void>;
  insertQuestion(question: Omit<FundsQuestion, "id">): Promise<bigint>;
  findQuestion(id: bigint): Promise<FundsQuestion | undefined>;
  questionOf(institutionId: string, requestId: string): Promise<FundsQuestion | undefined>;
}

export interface DisbursementRows {
  /** Locks the institution's terms, so that one batch of it at a time is compared with the earlier ones. */
  lockTerms(institutionId: string): Promise<DisbursementTerms | undefined>;
  terms(institutionId: string): Promise<DisbursementTerms | undefined>;
  /** Undefined when the institution gave that external id to another batch. */
  insert(batch: NewDisbursementBatch): Promise<bigint | undefined>;
  /**
   * Adds instructions; those whose id `uniqueFor`, an institution, has used already are told and not added. Null adds
   * what comes to nothing anyway.
   */
  add(
    batch: { readonly id: bigint; readonly uniqueFor: string | null },
    instructions: readonly NewCreditInstruction[],
  ): Promise<readonly RepeatedInstruction[]>;
  /** Payments that were in other batches of the institution since the given time, and were not called off there. */
  samePayments(
    batch: { readonly id: bigint; readonly institutionId: string },
    since: Date,
    limit: number,
  ): Promise<readonly RepeatedInstruction[]>;
  find(id: bigint): Promise<DisbursementBatch | undefined>;
  byBatchId(batchId: string): Promise<DisbursementBatch | undefined>;
  byExternalId(institutionId: string, externalId: string): Promise<DisbursementBatch | undefined>;
  /** Takes the batch for this transaction. */
  lock(id: bigint): Promise<DisbursementBatch | undefined>;
  setState(id: bigint, state: BatchState, reason: string | null): Promise<void>;
  approve(id: bigint, approval: Approval): Promise<void>;
  /** Whom two people made a signatory of the institution. */
  signatory(institutionId: string, name: string): Promise<Signatory | undefined>;
  /** In the order of the lines. */
  instructions(
    id: bigint,
    slice: { readonly afterLine: number; readonly limit: number },
  ): Promise<CreditInstruction[]>;
  totals(id: bigint): Promise<BatchTotals>;
  /** Notes how the batch stands now. */
  report(batch: bigint, note: string): Promise<DisbursementReport>;
  findReport(id: bigint): Promise<DisbursementReport | undefined>;
  lastReport(batch: bigint): Promise<DisbursementReport | undefined>;
  /** Batches that wait for the batch to be settled. */
  followers(id: bigint): Promise<bigint[]>;
  /** Batches of the state, the oldest first. */
  inState(state: BatchState, limit: number): Promise<bigint[]>;
  /** Failed instructions wait again; returns how many. */
  reopenFailed(id: bigint): Promise<number>;
  /** What was not begun is cancelled; returns how many. */
  cancelWaiting(id: bigint): Promise<number>;
  /** The failure rate is judged from what has ended by now. */
  judgeFromHere(id: bigint): Promise<void>;
  /** The instruction ids of a batch that came to nothing may be used again. */
  freeIds(id: bigint): Promise<void>;
}
