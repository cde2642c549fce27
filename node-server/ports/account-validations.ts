/** What payer banks are asked about accounts that they keep, and how each question ended. */

/** What the bank is told of a payment beside its account. */
export interface ValidatedPayment {
  readonly line: number;
  /** Major units. */
  readonly amount: string | null;
  readonly currency: string | null;
  readonly narration: string | null;
}

export interface AccountValidation {
  /** The request to the account mapper that it belongs to. */
  readonly request: bigint;
  readonly bank: string;
  /** The same however often it is asked. */
  readonly correlationId: string;
  readonly payments: readonly ValidatedPayment[];
  readonly askedAt: Date;
  readonly tries: number;
  /** Null while the bank has not answered. */
  readonly outcome: ValidationOutcome | null;
}

/** Refused: the bank takes no such question. Silent: no answer came in time. Late: it came after that, and counts. */
export type ValidationOutcome = "answered" | "refused" | "silent" | "late";

export interface AccountValidationRows {
  insert(
    validation: Pick<AccountValidation, "request" | "bank" | "correlationId" | "payments">,
  ): Promise<void>;
  find(request: bigint): Promise<AccountValidation | undefined>;
  byCorrelation(correlationId: string): Promise<AccountValidation | undefined>;
  noteTry(request: bigint, error: string | null): Promise<void>;
  end(request: bigint, outcome: ValidationOutcome): Promise<void>;
}
