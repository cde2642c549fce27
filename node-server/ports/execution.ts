/** What the execution of batches needs of the database; a part of the store (`./store.ts`). */
import type { CreditInstructionState } from "#core/credit-instruction.machine.ts";
import type { Language } from "../notifications/port.ts";
import type { AddressKind, SealedAddress } from "./disbursement.ts";

export interface ReceivingInstitution {
  readonly id: string;
  readonly name: string;
  readonly rail: "bank" | "non-bank";
  readonly gateway: "ledger" | "mobile-money" | "bank";
  /** Null for the built-in ledger. */
  readonly url: string | null;
  readonly perSecond: number | null;
}

/** An instruction that nobody has looked into yet; combined ones are told by the first of them. */
export interface UnplannedInstruction {
  readonly line: number;
  readonly payeeIdentity: string | null;
  readonly address: SealedAddress | null;
  readonly institutionCode: string | null;
  readonly instructionId: string;
  /** Of all instructions that are paid with it. */
  readonly amountMinor: bigint;
  readonly narration: string;
}

export interface PlannedCredit {
  readonly line: number;
  readonly to: SealedAddress;
}

/** A credit that is to be sent, or asked for: for one instruction, or for all of a payee's that are combined. */
export interface ChunkCredit {
  readonly line: number;
  readonly instructionId: string;
  readonly state: Extract<CreditInstructionState, "waiting" | "sent" | "unknown">;
  /** Of all instructions that it pays. */
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
  readonly payeeIndex: Uint8Array;
  readonly payeeIdentity: string | null;
  readonly to: SealedAddress;
  readonly narration: string;
  /** Of the last credit; 0 for none. */
  readonly n: number;
  /** Of the credit that is under way; null where none is. */
  readonly key: string | null;
  readonly startedAt: Date | null;
  /** What the provider calls it. */
  readonly reference: string | null;
}

export interface EndedCredit {
  readonly line: number;
  readonly n: number;
  readonly outcome: "paid" | "failed";
  readonly reasonCode: string;
  readonly reason: string | null;
  readonly transactionId: string | null;
  readonly reference: string | null;
}

export interface ChunkRow {
  readonly batch: bigint;
  readonly n: number;
  readonly institutionId: string | null;
  readonly voucherBatch: bigint | null;
}

export interface ReceiptRow {
  readonly line: number;
  readonly paidWith: number | null;
  readonly instructionId: string;
  readonly amountMinor: bigint;
  readonly narration: string;
  readonly transactionId: string;
}

export interface ExecutionRows {
  receiver(id: string): Promise<ReceivingInstitution | undefined>;
  defaultReceiver(kind: AddressKind): Promise<ReceivingInstitution | undefined>;
  /** From when on so many payments may be sent there; the time is used up then. */
  pace(institutionId: string, count: number): Promise<Date>;
  /** Makes one credit of the instructions of each payee. */
  combine(batch: bigint): Promise<void>;
  nextUnplanned(batch: bigint, limit: number): Promise<UnplannedInstruction[]>;
  /** Nobody, or nowhere, to pay: waiting instructions fail, and those that are paid with them. */
  refuse(
    batch: bigint,
    refused: readonly { readonly line: number; readonly reasonCode: string; readonly reason: string }[],
  ): Promise<void>;
  /** The number of the next chunk, for whoever has locked the batch. */
  nextChunk(batch: bigint): Promise<number>;
  /** Puts instructions into a new chunk, and returns its number. */
  plan(
    batch: bigint,
    to: { readonly institutionId: string; readonly rail: "bank" | "non-bank" },
    credits: readonly PlannedCredit[],
  ): Promise<number>;
  /** The same for payees who get vouchers: their instructions count as sent. */
  planVouchers(batch: bigint, voucherBatch: bigint, lines: readonly number[]): Promise<number>;
  chunk(batch: bigint, n: number): Promise<ChunkRow | undefined>;
  chunkOfVouchers(voucherBatch: bigint): Promise<ChunkRow | undefined>;
  /** Chunks in which something is still to become of a credit by an institution, with how many. */
  openChunks(
    batch: bigint,
  ): Promise<readonly { readonly n: number; readonly institutionId: string; readonly count: number }[]>;
  /** The chunk's credits that have not ended, locked, by line. */
  lockCredits(batch: bigint, chunk: number): Promise<ChunkCredit[]>;
  /** Notes credits before they are sent; waiting instructions are sent from now on. */
  start(
    batch: bigint,
    credits: readonly { readonly line: number; readonly n: number; readonly key: string }[],
  ): Promise<void>;
  end(batch: bigint, credits: readonly EndedCredit[]): Promise<void>;
  /** Keeps what the provider calls each, where it has said so. */
  markUnknown(
    batch: bigint,
    credits: readonly { readonly line: number; readonly n: number; readonly reference: string | null }[],
  ): Promise<void>;
  endVouchers(
    batch: bigint,
    outcomes: readonly {
      readonly line: number;
      readonly serial: bigint | null;
      readonly reason: string | null;
    }[],
  ): Promise<void>;
  /** The chunk and line of a credit by its key. */
  byKey(
    key: string,
  ): Promise<{ readonly batch: bigint; readonly line: number; readonly chunk: number } | undefined>;
  /** Instructions that the given lines pay, themselves among them. */
  receiptsOf(batch: bigint, lines: readonly number[]): Promise<ReceiptRow[]>;
  receiptLanguage(institutionId: string): Promise<Language | null>;
}
