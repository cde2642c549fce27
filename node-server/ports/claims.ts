/**
 * What redemptions are owed and paid: claims, payouts, redemptions asked for online, and the books. Part of
 * `./store.ts`, which everybody imports.
 */
import type { Money } from "#core/money.ts";
import type { RedemptionState } from "#core/redemption.machine.ts";
import type { JournalEntry } from "../ledger/entries.ts";
import type { NodeRow } from "./nodes.ts";

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
  insertAll(rows: readonly ClaimRow[]): Promise<void>;
  find(id: string): Promise<ClaimRow | undefined>;
  findAll(ids: readonly string[]): Promise<ClaimRow[]>;
  live(serial: bigint): Promise<ClaimRow | undefined>;
  liveOf(serials: readonly bigint[]): Promise<ClaimRow[]>;
  update(id: string, state: RedemptionState, endedAt: Date | null): Promise<void>;
  updateAll(
    changes: readonly {
      readonly id: string;
      readonly state: RedemptionState;
      readonly endedAt: Date | null;
    }[],
  ): Promise<void>;
  markLiquidityHeld(id: string): Promise<void>;
  /** Counts a try, and keeps why it did not pay. */
  noteTry(id: string, failure: string | null): Promise<void>;
  noteTries(tries: readonly { readonly id: string; readonly failure: string | null }[]): Promise<void>;
  /** In the order of their numbers. */
  attempts(id: string): Promise<PayoutAttempt[]>;
  attemptsOf(ids: readonly string[]): Promise<(PayoutAttempt & { readonly claimId: string })[]>;
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

export interface LedgerRows {
  /** Books a balanced entry. Returns false when one with the same idempotency key is booked already. */
  post(entry: JournalEntry): Promise<boolean>;
  /** For each whether it was booked now. */
  postAll(entries: readonly JournalEntry[]): Promise<boolean[]>;
  /** Locks the account and reads its balance in minor units; zero for one never used. */
  lockBalance(accountId: string): Promise<bigint>;
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
  byClaims(claimIds: readonly string[]): Promise<RedemptionRequestRow[]>;
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
