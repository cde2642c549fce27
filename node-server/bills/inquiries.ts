/**
 * Questions of payer FIs about bills (GovStack Payments BB, P2G inquiry): answered out of what the biller gave us, or by
 * asking the biller. Whoever asked is told in time, and an answer that comes late still reaches it.
 */
import { amountDueMinor, billIdRefusal } from "#core/bill.ts";
import type { BillIdRefusal } from "#core/bill.ts";
import { localDate } from "#core/local-date.ts";
import type { Money } from "#core/money.ts";
import { requestCallback, requestMessage } from "../callbacks/outbox.ts";
import type { BillerRow, BillInquiryRow, BillRow } from "../ports/bill-rows.ts";
import type { Store, Tx } from "../ports/store.ts";
import { formatId } from "./ids.ts";

export interface InquiryRequest {
  readonly payerFiId: string;
  readonly requestId: string;
  readonly correlationId: string;
  readonly billId: string;
  readonly callbackUrl: string;
}

export type PayerFiRefusal =
  | "not-a-payer-fi"
  | "payer-fi-inactive"
  | "unknown-biller"
  | "biller-inactive"
  | "biller-not-linked";

export type InquiryRefusal = PayerFiRefusal | BillIdRefusal;

export type InquiryAcceptance =
  | { readonly ok: true; readonly transactionId: string }
  | { readonly ok: false; readonly refusal: InquiryRefusal };

/** Answers, or asks the biller, after the commit. A GET has no idempotency key: asked again, it is answered again. */
export function acceptInquiry(store: Store, request: InquiryRequest): Promise<InquiryAcceptance> {
  return store.transaction(async (tx) => {
    const found = await findBiller(tx, request.payerFiId, request.billId);
    if (!found.ok) return found;
    const { biller } = found;
    const refusal = billIdRefusal(request.billId, biller);
    if (refusal) return { ok: false, refusal };
    const bill = await tx.bills.find(request.billId);
    const isKnown = biller.inquiry === "stored" || (await tx.billPayments.live(request.billId)) !== undefined;
    const id = isKnown ? await answerAtOnce(tx, request, biller, bill) : await ask(tx, request, biller);
    return { ok: true, transactionId: formatId("inquiry", id) };
  });
}

export type FoundBiller =
  | { readonly ok: true; readonly biller: BillerRow }
  | { readonly ok: false; readonly refusal: PayerFiRefusal };

/** The active biller of a bill id that an active payer FI is linked with. */
export async function findBiller(tx: Tx, payerFiId: string, billId: string): Promise<FoundBiller> {
  const payerFi = await tx.billers.payerFi(payerFiId);
  if (!payerFi) return { ok: false, refusal: "not-a-payer-fi" };
  if (payerFi.status !== "active") return { ok: false, refusal: "payer-fi-inactive" };
  const biller = await tx.billers.ofBill(billId);
  if (!biller) return { ok: false, refusal: "unknown-biller" };
  if (biller.status !== "active") return { ok: false, refusal: "biller-inactive" };
  if (!(await tx.billers.isLinked(biller.id, payerFiId))) return { ok: false, refusal: "biller-not-linked" };
  return { ok: true, biller };
}

/** What pays the bill now. */
export async function amountDue(tx: Tx, bill: BillRow, { timeZone }: BillerRow): Promise<Money> {
  const today = localDate((await tx.now()).getTime(), timeZone);
  return { amountMinor: amountDueMinor(bill, today), currency: bill.currency };
}

/** The biller has told about its bill, or that it has none: whoever asked is told. */
export async function answerInquiries(tx: Tx, billId: string, answer: InquiryAnswer): Promise<void> {
  for (const inquiry of await tx.billInquiries.lockUnanswered(billId, mostAtOnce)) {
    await tx.billInquiries.answer(inquiry.id, answer);
    await tell(tx, inquiry);
  }
}

export type InquiryAnswer = Pick<BillInquiryRow, "reason" | "quote"> & {
  readonly state: "found" | "notFound" | "late";
};

/** Whoever waits for a biller that has not answered in time is told so. */
export async function timeOutInquiries(store: Store): Promise<void> {
  const overdue = await store.transaction(async (tx) => tx.billInquiries.overdue(await tx.now(), mostAtOnce));
  for (const id of overdue) {
    await store.transaction(async (tx) => {
      const inquiry = await tx.billInquiries.lockAsking(id);
      if (!inquiry) return;
      const reason = "The biller has not answered in time; its answer follows if it still comes";
      await tx.billInquiries.answer(id, { state: "late", reason, quote: null });
      await tell(tx, inquiry);
    });
  }
}

const mostAtOnce = 500;

async function answerAtOnce(
  tx: Tx,
  request: InquiryRequest,
  biller: BillerRow,
  bill: BillRow | undefined,
): Promise<bigint> {
  const row = {
    ...request,
    billerId: biller.id,
    dueAt: await tx.now(),
    ...(bill
      ? ({ state: "found", reason: null, quote: await amountDue(tx, bill, biller) } as const)
      : ({ state: "notFound", reason: "The biller has no such bill", quote: null } as const)),
  };
  const id = await tx.billInquiries.insert(row);
  await tell(tx, { ...row, id });
  return id;
}

async function ask(tx: Tx, request: InquiryRequest, biller: BillerRow): Promise<bigint> {
  const dueAt = new Date((await tx.now()).getTime() + biller.answerSeconds * 1000);
  const row = { ...request, billerId: biller.id, dueAt, state: "asking", reason: null, quote: null } as const;
  const id = await tx.billInquiries.insert(row);
  const query = new URLSearchParams({ fields: "inquiry", requestId: formatId("inquiry", id) });
  const url = `${biller.endpointUrl}/bills/${encodeURIComponent(request.billId)}?${query.toString()}`;
  await tx.jobs.enqueue(
    await requestMessage(tx, { institutionId: biller.id, kind: "bill-question", subject: id, url }),
  );
  return id;
}

async function tell(
  tx: Tx,
  { id, payerFiId, callbackUrl }: Pick<BillInquiryRow, "id" | "payerFiId" | "callbackUrl">,
): Promise<void> {
  const callback = { institutionId: payerFiId, kind: "bill-inquiry", subject: id, url: callbackUrl } as const;
  await tx.jobs.enqueue(await requestCallback(tx, callback, "billInquiry"));
}
