/** What is told of the payments of a batch, one by one; a part of the store (`./store.ts`). Read, never decided on. */
import type { CreditInstructionState } from "#core/credit-instruction.machine.ts";
import type { SealedAddress } from "./disbursement.ts";

export interface BatchDetailRow {
  readonly line: number;
  readonly instructionId: string;
  readonly state: CreditInstructionState;
  readonly reasonCode: string | null;
  readonly reason: string | null;
  readonly payeeIdentity: string | null;
  readonly address: SealedAddress | null;
  readonly receiver: string | null;
  readonly rail: "bank" | "non-bank" | "voucher" | null;
  readonly payerParty: string | null;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
  readonly narration: string;
  readonly transactionId: string | null;
  readonly voucherSerial: bigint | null;
  readonly corrections: readonly string[];
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export interface BatchDetailFilter {
  /** Blind indexes under which the payee may be; none of them leaves nothing out. */
  readonly payee?: readonly Uint8Array[];
  readonly states?: readonly CreditInstructionState[];
  readonly instructionId?: string;
}

export interface InstructionEvent {
  readonly at: Date;
  readonly state: CreditInstructionState;
  readonly reasonCode: string | null;
  readonly reason: string | null;
}

/** Where the money of a batch is; amounts in minor units. */
export interface BatchMoney {
  readonly authorisedMinor: bigint;
  readonly paidMinor: bigint;
  readonly vouchersMinor: bigint;
  readonly feesMinor: bigint;
  readonly returnedMinor: bigint;
  readonly heldMinor: bigint;
}

export interface BatchDetailRows {
  /** In the order of the lines, those after `afterLine`. */
  list(
    batch: bigint,
    filter: BatchDetailFilter,
    slice: { readonly afterLine?: number; readonly offset?: number; readonly limit: number },
  ): Promise<BatchDetailRow[]>;
  history(batch: bigint, line: number): Promise<InstructionEvent[]>;
  /** What was authorised, and what the instructions and the books say has become of it. */
  money(batch: bigint): Promise<BatchMoney>;
}
