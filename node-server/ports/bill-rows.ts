/**
 * What decisions about bills need of the database; a part of the store's port (`./store.ts`).
 *
 * Lock order: a bill's row comes after the node's and before the vouchers'. Its payments and requests to pay are changed
 * by whoever holds it.
 */
import type { AmountsDue, BillIdRules } from "#core/bill.ts";
import type { BillPaymentState } from "#core/bill-payment.machine.ts";
import type { Money } from "#core/money.ts";
import type { RequestToPaySnapshot } from "#core/decide-bill.ts";

/** `Def`: the payment does not fit the bill; `Dup`: the bill is paid already; `Und`: anything else. */
export const rejectReasons = ["Def", "Dup", "Und"] as const;

export type RejectReason = (typeof rejectReasons)[number];

export interface BillerRow extends BillIdRules {
  /** Of the institution that calls for it. */
  readonly id: string;
  readonly name: string;
  readonly endpointUrl: string;
  /** `stored`: the bills that it gave us are all there are; `asked`: it is asked at each inquiry. */
  readonly inquiry: "stored" | "asked";
  readonly answerSeconds: number;
  readonly timeZone: string;
  readonly account: string | null;
  /** Its own codes for ours. */
  readonly codes: Readonly<Record<string, "ACK" | RejectReason>>;
  /** Whose vouchers pay its bills. */
  readonly voucherGroups: readonly string[];
  readonly status: "active" | "inactive";
}

export interface PayerFiRow {
  readonly id: string;
  readonly name: string;
  readonly bic: string | null;
  readonly endpointUrl: string;
  readonly account: string | null;
  readonly status: "active" | "inactive";
}

export const aliasTypes = ["00", "01", "02"] as const;

/** 00 national id, 01 phone, 02 e-mail. */
export type AliasType = (typeof aliasTypes)[number];

export interface BillerRows {
  find(id: string): Promise<BillerRow | undefined>;
  /** The one whose prefix the bill id begins with. */
  ofBill(billId: string): Promise<BillerRow | undefined>;
  /** Active ones that the payer FI is linked with, by id. */
  ofPayerFi(payerFiId: string): Promise<BillerRow[]>;
  isLinked(billerId: string, payerFiId: string): Promise<boolean>;
  /** Ids of active payer FIs that are linked with the biller. */
  payerFisOf(billerId: string): Promise<string[]>;
  payerFi(id: string): Promise<PayerFiRow | undefined>;
  payerFiByBic(bic: string): Promise<PayerFiRow | undefined>;
  /** Whose customer the alias is, by its keyed index. */
  alias(
    type: AliasType,
    index: Uint8Array,
  ): Promise<{ readonly payerFiId: string; readonly sealedAddress: Uint8Array } | undefined>;
}

export interface BillRow extends AmountsDue {
  readonly id: string;
  readonly billerId: string;
  readonly payerName: string | null;
  readonly payerType: "person" | "organisation";
  readonly payerId: string | null;
  readonly area: string | null;
  readonly currency: string;
  readonly state: "open" | "withdrawn" | "paidElsewhere";
}

export interface BillRows {
  /** Locks the bill against everything else that concerns it. */
  lock(id: string): Promise<BillRow | undefined>;
  /** Reads without a lock: for answers, never for decisions. */
  find(id: string): Promise<BillRow | undefined>;
  /** Writes a bill, new or changed. Whoever changes one has locked it. */
  put(row: BillRow): Promise<void>;
  setState(id: string, state: BillRow["state"]): Promise<void>;
}

export interface BillInquiryRow {
  readonly id: bigint;
  readonly payerFiId: string;
  readonly requestId: string;
  readonly correlationId: string;
  readonly billerId: string;
  readonly billId: string;
  readonly callbackUrl: string;
  readonly dueAt: Date;
  /** `late`: whoever asked was told that the biller had not answered; an answer that still comes reaches it. */
  readonly state: "asking" | "found" | "notFound" | "late";
  readonly reason: string | null;
  /** What was due when it was answered. */
  readonly quote: Money | null;
  readonly answeredAt: Date | null;
}

export interface BillInquiryRows {
  insert(row: Omit<BillInquiryRow, "id" | "answeredAt">): Promise<bigint>;
  find(id: bigint): Promise<BillInquiryRow | undefined>;
  /** The newest of that id about the bill. */
  byRequest(payerFiId: string, requestId: string, billId: string): Promise<BillInquiryRow | undefined>;
  /** Those about the bill that the biller has not answered, at most `limit`, locked. */
  lockUnanswered(billId: string, limit: number): Promise<BillInquiryRow[]>;
  /** Ids of those whose biller should have answered before the given time. */
  overdue(before: Date, limit: number): Promise<bigint[]>;
  /** Locks one that still asks; undefined when it does not. */
  lockAsking(id: bigint): Promise<BillInquiryRow | undefined>;
  answer(
    id: bigint,
    answer: {
      readonly state: "found" | "notFound" | "late";
      readonly reason: string | null;
      readonly quote: Money | null;
    },
  ): Promise<void>;
}

export type BillPaymentMeans = "account" | "voucher" | "cash";

export interface BillPaymentRow {
  readonly id: bigint;
  readonly billerId: string;
  readonly billId: string;
  /** Null where an agent took it. */
  readonly payerFiId: string | null;
  readonly merchantId: string | null;
  /** The operation that it came by. */
  readonly operation: { readonly nodeId: string; readonly hash: Uint8Array } | null;
  /** How much of it the agent's float did not cover. */
  readonly debtMinor: bigint;
  readonly requestId: string;
  readonly reference: string;
  readonly means: BillPaymentMeans;
  readonly callbackUrl: string | null;
  /** Null for a refused one whose amount nobody knows. */
  readonly money: Money | null;
  readonly claimId: string | null;
  readonly requestToPay: bigint | null;
  readonly state: Exclude<BillPaymentState, "received">;
  readonly rejectReason: RejectReason | null;
  readonly reason: string | null;
  /** The payment that pays the bill, where that is why this one does not. */
  readonly duplicateOf: bigint | null;
  readonly reminders: number;
}

/** Cash that was taken and pays nothing. */
export interface RefundRow extends Money {
  readonly paymentId: bigint;
  readonly merchantId: string;
  readonly billId: string;
  readonly reference: string;
  readonly reason: string | null;
  readonly listedAt: Date;
}

export interface AgentRows {
  /** Whether the merchant's nodes take payments for the biller. */
  takesFor(merchantId: string, billerId: string): Promise<boolean>;
  listRefund(paymentId: bigint, merchantId: string): Promise<void>;
  /** That a node gave the cash of one of its payments back; false where that, or an operator's word on it, is there. */
  noteGivenBack(given: {
    readonly nodeId: string;
    /** The hashes of the payment's operation and of the one that says so. */
    readonly payment: Uint8Array;
    readonly operation: Uint8Array;
    readonly by: string;
  }): Promise<boolean>;
  /** What a node has to give back, or has given, those that are open first. */
  refundsOfNode(nodeId: string, limit: number): Promise<NodeRefundRow[]>;
  /** What the merchant paid in for its float, the newest first. */
  topUpsOf(merchantId: string, limit: number): Promise<TopUpRow[]>;
}

/** Cash that paid nothing, as its node is told of it. */
export interface NodeRefundRow extends Money {
  /** Of the node's operation. */
  readonly sequence: number;
  readonly billId: string;
  readonly reason: string;
  readonly listedAt: Date;
  readonly refundedAt: Date | null;
  readonly refundedBy: string | null;
  /** The payment that pays the bill, where that is why. */
  readonly first:
    | (Money & {
        /** The agent's or the payer FI's name. */
        readonly takenBy: string;
        readonly at: Date;
        readonly means: BillPaymentMeans;
        readonly reference: string;
      })
    | null;
}

export interface TopUpRow extends Money {
  readonly id: bigint;
  /** How much of it settled what the agent owed; the rest is its float. */
  readonly settledMinor: bigint;
  /** The float right after it. */
  readonly floatMinor: bigint;
  readonly at: Date;
}

export interface BillPaymentRows {
  insert(row: Omit<BillPaymentRow, "id" | "reminders">): Promise<bigint>;
  find(id: bigint): Promise<BillPaymentRow | undefined>;
  /** What a payer FI's request made. */
  byRequest(
    payerFiId: string,
    requestId: string,
    means: "account" | "voucher",
  ): Promise<BillPaymentRow | undefined>;
  /** The one that is advised or acknowledged. */
  live(billId: string): Promise<BillPaymentRow | undefined>;
  settle(id: bigint, outcome: Pick<BillPaymentRow, "state" | "rejectReason" | "reason">): Promise<void>;
  /** Ids of advised ones whose biller is to be told again. */
  toRemind(before: Date, limit: number): Promise<bigint[]>;
  /** Counts a reminder and says when the next one is due; false when it is not advised any more. */
  remindAgainAt(id: bigint, at: Date): Promise<boolean>;
}

export interface RequestToPayRow extends Money, RequestToPaySnapshot {
  readonly id: bigint;
  readonly billerId: string;
  readonly requestId: string;
  /** The biller's own number of it. */
  readonly rtpId: number;
  readonly billId: string;
  readonly payerFiId: string;
  /** Who is asked, sealed; null once it has ended. */
  readonly sealedAddress: Uint8Array | null;
  readonly billerName: string;
  /** R rejected by the payer, E expired, W wrong payer. */
  readonly rejectReason: "R" | "E" | "W" | null;
  readonly reason: string | null;
  readonly expiresAt: Date;
  readonly changedAt: Date;
}

export interface RequestToPayRows {
  /** Undefined when the biller has used the number before. */
  insert(
    row: Omit<RequestToPayRow, "id" | "state" | "isAccepted" | "rejectReason" | "reason" | "changedAt">,
  ): Promise<bigint | undefined>;
  /** Reads without a lock; whoever changes one has locked its bill. */
  find(id: bigint): Promise<RequestToPayRow | undefined>;
  byRtpId(billerId: string, rtpId: number): Promise<RequestToPayRow | undefined>;
  byRequest(billerId: string, requestId: string): Promise<RequestToPayRow | undefined>;
  /** Those that have not ended, of a bill. */
  openOf(billId: string): Promise<RequestToPayRow[]>;
  update(
    id: bigint,
    change: RequestToPaySnapshot & Pick<RequestToPayRow, "rejectReason" | "reason">,
    forgetAddress: boolean,
  ): Promise<void>;
  /** Ids of pending and accepted ones whose time was over before the given one. */
  overdue(before: Date, limit: number): Promise<bigint[]>;
  /** A biller's question that is answered by callback. */
  noteInquiry(requestToPay: bigint, correlationId: string): Promise<bigint>;
  inquiry(id: bigint): Promise<{ readonly requestToPay: bigint; readonly correlationId: string } | undefined>;
}

/** The rows of bills in one transaction. */
export interface BillTx {
  readonly billers: BillerRows;
  readonly bills: BillRows;
  readonly billInquiries: BillInquiryRows;
  readonly billPayments: BillPaymentRows;
  readonly requestsToPay: RequestToPayRows;
  readonly agents: AgentRows;
}
