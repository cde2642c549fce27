/**
 * Requests to pay (GovStack Payments BB, P2G: rtpRequest, rtpResponse, rtpUpdate, transferRequests): sent to the payer's
 * FI, answered by it, ended by the bill's payment, the biller or the clock (`core/request-to-pay.machine.ts`). Whoever
 * changes one holds its bill.
 */
import { billIdRefusal } from "#core/bill.ts";
import type { BillIdRefusal } from "#core/bill.ts";
import { decideRequestToPay } from "#core/decide-bill.ts";
import type { RequestToPayRefusalCode } from "#core/decide-bill.ts";
import type { Money } from "#core/money.ts";
import type { RequestToPayEvent } from "#core/request-to-pay.machine.ts";
import { acceptOnce, answerOnce } from "../accept-once.ts";
import type { Acceptance, Accepted, RequestIdentity } from "../accept-once.ts";
import { requestCallback, requestMessage } from "../callbacks/outbox.ts";
import type { BillerRow, PayerFiRow, RequestToPayRow } from "../ports/bill-rows.ts";
import type { Job, Store, Tx } from "../ports/store.ts";
import { amountDue } from "./inquiries.ts";
import { parseId } from "./ids.ts";
import type { PayerAlias, ResolveAlias } from "./payer-address.ts";
import { callingBiller } from "./receive-bills.ts";
import type { BillerRefusal } from "./receive-bills.ts";

export interface RequestToPayWish {
  readonly rtpId: number;
  readonly billId: string;
  /** Who is asked: a payer FI's customer by address, or whoever has the alias. */
  readonly payer:
    | { readonly bic: string; readonly sealedAddress: Uint8Array }
    | { readonly alias: PayerAlias };
  readonly billerName: string;
  readonly money: Money;
  /** Null leaves it to us. */
  readonly expiresAt: Date | null;
}

export type RequestToPayRefusal =
  | BillerRefusal
  | BillIdRefusal
  | "unknown-payer-fi"
  | "unknown-alias"
  | "ambiguous-alias"
  | "payer-fi-not-linked"
  | "bill-paid"
  | "bill-withdrawn"
  | "amount-differs"
  | "expiry-out-of-range"
  | "rtp-exists";

const defaultLifeMs = 7 * 86_400_000;
const longestLifeMs = 366 * 86_400_000;

export function acceptRequestToPay(
  { store, resolveAlias }: { readonly store: Store; readonly resolveAlias: ResolveAlias },
  identity: RequestIdentity,
  wish: RequestToPayWish,
  answer: Accepted,
): Promise<Acceptance<RequestToPayRefusal>> {
  const { institutionId: billerId, requestId } = identity.key;
  const known = async (tx: Tx) => {
    const request = await tx.requestsToPay.byRequest(billerId, requestId);
    if (!request) throw new Error(`the request ${requestId} left no request to pay`);
    return request.state === "pending" ? askPayerFi(tx, request) : updateOf(tx, request);
  };
  return acceptOnce<RequestToPayRefusal>(store, identity, answer, known, async (tx) => {
    const biller = await callingBiller(tx, billerId);
    if (typeof biller === "string") return biller;
    const idRefusal = billIdRefusal(wish.billId, biller);
    if (idRefusal) return idRefusal;
    const nowMs = (await tx.now()).getTime();
    const expiresAt = wish.expiresAt ?? new Date(nowMs + defaultLifeMs);
    const lifeMs = expiresAt.getTime() - nowMs;
    if (lifeMs <= 0 || lifeMs > longestLifeMs) return "expiry-out-of-range";
    const payer = await findPayer(tx, resolveAlias, biller, wish.payer);
    if (typeof payer === "string") return payer;
    const billRefusal = await lockOrMakeBill(tx, biller, wish);
    if (billRefusal) return billRefusal;
    const row = {
      ...wish.money,
      billerId,
      requestId,
      rtpId: wish.rtpId,
      billId: wish.billId,
      billerName: wish.billerName,
      payerFiId: payer.payerFi.id,
      sealedAddress: payer.sealedAddress,
      expiresAt,
    };
    const id = await tx.requestsToPay.insert(row);
    return id === undefined ? "rtp-exists" : askPayerFi(tx, { ...row, id });
  });
}

async function findPayer(
  tx: Tx,
  resolveAlias: ResolveAlias,
  biller: BillerRow,
  payer: RequestToPayWish["payer"],
): Promise<
  | { readonly payerFi: PayerFiRow; readonly sealedAddress: Uint8Array }
  | "unknown-payer-fi"
  | "unknown-alias"
  | "ambiguous-alias"
  | "payer-fi-not-linked"
> {
  if ("bic" in payer) {
    const payerFi = await tx.billers.payerFiByBic(payer.bic);
    return linkedPayer(tx, biller, payerFi, payer.sealedAddress);
  }
  const resolved = await resolveAlias(tx, biller.id, payer.alias);
  if (!resolved.ok) return resolved.code;
  return linkedPayer(tx, biller, await tx.billers.payerFi(resolved.payerFiId), resolved.sealedAddress);
}

async function linkedPayer(
  tx: Tx,
  biller: BillerRow,
  payerFi: PayerFiRow | undefined,
  sealedAddress: Uint8Array,
): Promise<
  | { readonly payerFi: PayerFiRow; readonly sealedAddress: Uint8Array }
  | "unknown-payer-fi"
  | "payer-fi-not-linked"
> {
  if (payerFi?.status !== "active") return "unknown-payer-fi";
  if (!(await tx.billers.isLinked(biller.id, payerFi.id))) return "payer-fi-not-linked";
  return { payerFi, sealedAddress };
}

/** A request may be the first that we hear of a bill: it says all there is to it. */
async function lockOrMakeBill(
  tx: Tx,
  biller: BillerRow,
  { billId, money }: RequestToPayWish,
): Promise<"bill-paid" | "bill-withdrawn" | "amount-differs" | undefined> {
  const bill = await tx.bills.lock(billId);
  if (!bill) {
    await tx.bills.put({
      id: billId,
      billerId: biller.id,
      payerName: null,
      payerType: "person",
      payerId: null,
      area: null,
      currency: money.currency,
      amountOnDueMinor: money.amountMinor,
      amountAfterDueMinor: money.amountMinor,
      dueOn: null,
      state: "open",
    });
    return undefined;
  }
  if (bill.state === "paidElsewhere" || (await tx.billPayments.live(billId))) return "bill-paid";
  if (bill.state === "withdrawn") return "bill-withdrawn";
  const due = await amountDue(tx, bill, biller);
  const isDue = due.amountMinor === money.amountMinor && due.currency === money.currency;
  return isDue ? undefined : "amount-differs";
}

export interface PayerFiAnswer {
  /** The id of our request. */
  readonly transactionId: string;
  readonly rtpId: number;
  readonly billId: string;
  readonly accepted: boolean;
  /** The payer is no customer of the FI. */
  readonly wrongPayer: boolean;
}

export type PayerFiAnswerRefusal = "unknown-request" | RequestToPayRefusalCode;

export function receivePayerFiAnswer(
  store: Store,
  identity: RequestIdentity,
  answer: PayerFiAnswer,
  accepted: Accepted,
): Promise<Acceptance<PayerFiAnswerRefusal>> {
  return answerOnce<PayerFiAnswerRefusal>(store, identity, async (tx) => {
    await tx.bills.lock(answer.billId);
    const id = parseId("requestToPay", answer.transactionId);
    const request = id === undefined ? undefined : await tx.requestsToPay.find(id);
    const isTheirs =
      request?.payerFiId === identity.key.institutionId &&
      request.rtpId === answer.rtpId &&
      request.billId === answer.billId;
    if (!isTheirs) return "unknown-request";
    const refusal = await move(tx, request, answer.accepted ? { type: "ACCEPT" } : { type: "REJECT" }, {
      rejectReason: answer.accepted ? null : answer.wrongPayer ? "W" : "R",
      reason: answer.accepted ? null : answer.wrongPayer ? "Wrong payer" : "Rejected by the payer",
    });
    // Said twice under two ids: it holds all the same.
    if (refusal && !(refusal === "already-accepted" && answer.accepted)) return refusal;
    return accepted;
  });
}

/** By the biller. */
export function cancelRequestToPay(
  store: Store,
  identity: RequestIdentity,
  rtpId: number,
  accepted: Accepted,
): Promise<Acceptance<PayerFiAnswerRefusal>> {
  const billerId = identity.key.institutionId;
  return answerOnce<PayerFiAnswerRefusal>(store, identity, async (tx) => {
    const found = await tx.requestsToPay.byRtpId(billerId, rtpId);
    if (!found) return "unknown-request";
    const request = await lockRequest(tx, found);
    return (await move(tx, request, { type: "CANCEL" }, noRejection)) ?? accepted;
  });
}

/** A payment for the bill begins or ends: whatever was asked for it moves with it. The bill's row is held. */
export async function moveRequests(
  tx: Tx,
  billId: string,
  event: Extract<
    RequestToPayEvent,
    { readonly type: "PAYMENT_BEGINS" | "PAYMENT_SUCCEEDS" | "PAYMENT_FAILS" }
  >,
): Promise<void> {
  for (const request of await tx.requestsToPay.openOf(billId)) await move(tx, request, event, noRejection);
}

/** Ends requests whose time is over, but for those whose bill is being paid. */
export async function expireRequestsToPay(store: Store): Promise<void> {
  const overdue = await store.transaction(async (tx) => tx.requestsToPay.overdue(await tx.now(), 500));
  for (const id of overdue) {
    await store.transaction(async (tx) => {
      const found = await tx.requestsToPay.find(id);
      if (!found) return;
      const request = await lockRequest(tx, found);
      await move(tx, request, { type: "EXPIRE" }, { rejectReason: "E", reason: "Expired" });
    });
  }
}

/** Answers a biller's question at its callback URL. */
export async function askForStatus(
  tx: Tx,
  { id, billerId }: RequestToPayRow,
  correlationId: string,
  url: string,
): Promise<void> {
  const subject = await tx.requestsToPay.noteInquiry(id, correlationId);
  const callback = { institutionId: billerId, kind: "rtp-status", subject, url } as const;
  await tx.jobs.enqueue(await requestCallback(tx, callback, "requestToPayStatus"));
}

const noRejection = { rejectReason: null, reason: null } as const;

async function lockRequest(tx: Tx, { id, billId }: RequestToPayRow): Promise<RequestToPayRow> {
  await tx.bills.lock(billId);
  const request = await tx.requestsToPay.find(id);
  if (!request) throw new Error(`no request to pay ${id}`);
  return request;
}

async function move(
  tx: Tx,
  request: RequestToPayRow,
  event: RequestToPayEvent,
  rejection: Pick<RequestToPayRow, "rejectReason" | "reason">,
): Promise<RequestToPayRefusalCode | undefined> {
  const decision = decideRequestToPay(request, event);
  if (!decision.ok) return decision.code;
  const { next, effects } = decision;
  await tx.requestsToPay.update(request.id, { ...next, ...rejection }, effects.includes("forgetAddress"));
  if (effects.includes("tellBiller")) await tx.jobs.enqueue(await updateOf(tx, request));
  if (effects.includes("tellPayerFi")) await tx.jobs.enqueue(await cancellationOf(tx, request));
  await tx.audit.record({
    actor: `request-to-pay:${event.type.toLowerCase()}`,
    action: "rtp.move",
    subject: `bill:${request.billId}`,
    before: { request: String(request.id), state: request.state },
    after: { request: String(request.id), state: next.state, ...rejection },
  });
  return undefined;
}

async function askPayerFi(
  tx: Tx,
  { id, payerFiId }: Pick<RequestToPayRow, "id" | "payerFiId">,
): Promise<Job> {
  const url = `${await endpointOf(tx, payerFiId)}/rtpRequest`;
  return requestMessage(tx, { institutionId: payerFiId, kind: "rtp-request", subject: id, url });
}

/** The payer need not be asked any more. */
async function cancellationOf(tx: Tx, { id, payerFiId }: RequestToPayRow): Promise<Job> {
  const url = `${await endpointOf(tx, payerFiId)}/rtpUpdate`;
  return requestMessage(tx, { institutionId: payerFiId, kind: "rtp-cancellation", subject: id, url });
}

async function endpointOf(tx: Tx, payerFiId: string): Promise<string> {
  const payerFi = await tx.billers.payerFi(payerFiId);
  if (!payerFi) throw new Error(`no payer FI ${payerFiId}`);
  return payerFi.endpointUrl;
}

async function updateOf(tx: Tx, { id, billerId }: RequestToPayRow): Promise<Job> {
  const biller = await tx.billers.find(billerId);
  if (!biller) throw new Error(`no biller ${billerId}`);
  const url = `${biller.endpointUrl}/rtpUpdate`;
  return requestMessage(tx, { institutionId: billerId, kind: "rtp-update", subject: id, url });
}
