/**
 * Bills as their biller tells them: one by one, as an answer to a question or of its own accord, or many by a file. What
 * is being paid or paid already is not changed any more.
 */
import { billIdRefusal } from "#core/bill.ts";
import type { BillIdRefusal } from "#core/bill.ts";
import { isDate, localDate } from "#core/local-date.ts";
import { parseMajor } from "#core/money.ts";
import { answerOnce } from "../accept-once.ts";
import type { Acceptance, RequestIdentity } from "../accept-once.ts";
import type { BillerRow, BillRow } from "../ports/bill-rows.ts";
import type { Store, Tx } from "../ports/store.ts";
import { amountDue, answerInquiries } from "./inquiries.ts";

/** A bill as its biller writes it; amounts are major units. */
export interface ToldBill {
  readonly billId: string;
  /** `YYYY-MM-DD`, or epoch seconds of an instant within the day. */
  readonly dueDate?: string | number | undefined;
  readonly amountOnDueDate: string;
  /** As on the due date where it is left out. */
  readonly amountAfterDueDate?: string | undefined;
  readonly currency: string;
  readonly payerName?: string | undefined;
  readonly payerType?: "person" | "organisation" | undefined;
  readonly payerId?: string | undefined;
  readonly area?: string | undefined;
  /** `paidElsewhere`: the biller says that it is paid. */
  readonly state?: BillRow["state"] | undefined;
  /** How the biller spells a payment in parts; refused. */
  readonly instalments?: unknown;
}

export type BillRefusal =
  | BillIdRefusal
  | "instalments"
  | "malformed-due-date"
  | "malformed-amount"
  | "unknown-currency"
  | "being-paid"
  | "paid";

export type BillerRefusal = "not-a-biller" | "biller-inactive" | "not-the-billers-bill";

export interface FailedBill {
  readonly line: number;
  readonly billId: string;
  readonly refusal: BillRefusal;
}

/** Takes what it can of a list; every other item has its own reason. */
export function uploadBills(
  store: Store,
  identity: RequestIdentity,
  bills: readonly ToldBill[],
  answer: (taken: number, failed: readonly FailedBill[]) => string,
): Promise<Acceptance<BillerRefusal>> {
  return answerOnce<BillerRefusal>(store, identity, async (tx) => {
    const biller = await callingBiller(tx, identity.key.institutionId);
    if (typeof biller === "string") return biller;
    const failed: FailedBill[] = [];
    // In the order of their ids, so that two uploads never wait for each other crosswise.
    const numbered = bills.map((bill, index) => ({ bill, line: index + 1 }));
    for (const { bill, line } of numbered.toSorted((a, b) => compareText(a.bill.billId, b.bill.billId))) {
      const refusal = await takeBill(tx, biller, bill);
      if (refusal) failed.push({ line, billId: bill.billId, refusal });
    }
    failed.sort((a, b) => a.line - b.line);
    await tx.audit.record({
      actor: `institution:${biller.id}`,
      action: "bills.upload",
      subject: `biller:${biller.id}`,
      after: { taken: bills.length - failed.length, failed: failed.length },
    });
    return { status: 200, body: answer(bills.length - failed.length, failed) };
  });
}

export type ToldOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly refusal: BillerRefusal | BillRefusal };

/** One bill, asked for or not; null says that the biller has no such bill, and `reason` why. */
export function receiveBill(
  store: Store,
  billerId: string,
  billId: string,
  bill: ToldBill | null,
  reason: string,
): Promise<ToldOutcome> {
  return store.transaction(async (tx) => {
    const biller = await callingBiller(tx, billerId);
    if (typeof biller === "string") return { ok: false, refusal: biller };
    if ((await tx.billers.ofBill(billId))?.id !== biller.id)
      return { ok: false, refusal: "not-the-billers-bill" };
    if (bill === null) {
      await answerInquiries(tx, billId, { state: "notFound", reason, quote: null });
      return { ok: true };
    }
    const refusal = await takeBill(tx, biller, bill);
    return refusal ? { ok: false, refusal } : { ok: true };
  });
}

export async function callingBiller(tx: Tx, id: string): Promise<BillerRow | BillerRefusal> {
  const biller = await tx.billers.find(id);
  if (!biller) return "not-a-biller";
  return biller.status === "active" ? biller : "biller-inactive";
}

/** Writes the bill and answers whoever asked about it. */
async function takeBill(tx: Tx, biller: BillerRow, told: ToldBill): Promise<BillRefusal | undefined> {
  const read = readBill(biller, told);
  if (typeof read === "string") return read;
  const stored = await tx.bills.lock(read.id);
  const payment = stored && (await tx.billPayments.live(read.id));
  if (stored && payment) {
    // Whoever asked meanwhile is told that it is paid, or being paid.
    await answerFound(tx, stored, biller);
    return payment.state === "acknowledged" ? "paid" : "being-paid";
  }
  await tx.bills.put(read);
  await answerFound(tx, read, biller);
  return undefined;
}

async function answerFound(tx: Tx, bill: BillRow, biller: BillerRow): Promise<void> {
  const quote = await amountDue(tx, bill, biller);
  await answerInquiries(tx, bill.id, { state: "found", reason: null, quote });
}

function readBill(biller: BillerRow, told: ToldBill): BillRow | BillRefusal {
  const { billId, currency } = told;
  const idRefusal = billIdRefusal(billId, biller);
  if (idRefusal) return idRefusal;
  if (isAskedFor(told.instalments)) return "instalments";
  const dueOn = readDueDate(told.dueDate, biller.timeZone);
  if (dueOn === undefined) return "malformed-due-date";
  const onDue = parseMajor(told.amountOnDueDate, currency);
  if (!onDue.ok) return onDue.refusal.code === "unknown-currency" ? "unknown-currency" : "malformed-amount";
  const afterDue = parseMajor(told.amountAfterDueDate ?? told.amountOnDueDate, currency);
  if (!afterDue.ok || onDue.money.amountMinor <= 0n || afterDue.money.amountMinor <= 0n)
    return "malformed-amount";
  return {
    id: billId,
    billerId: biller.id,
    payerName: told.payerName ?? null,
    payerType: told.payerType ?? "person",
    payerId: told.payerId ?? null,
    area: told.area ?? null,
    currency,
    amountOnDueMinor: onDue.money.amountMinor,
    amountAfterDueMinor: afterDue.money.amountMinor,
    dueOn,
    state: told.state ?? "open",
  };
}

/** Null for a bill without a due date, undefined for what is none. */
function readDueDate(told: ToldBill["dueDate"], timeZone: string): string | null | undefined {
  if (told === undefined || told === "") return null;
  if (typeof told === "string" && isDate(told)) return told;
  const seconds = Number(told);
  const isTime = Number.isSafeInteger(seconds) && seconds > 0 && seconds < 253_402_300_800;
  return isTime ? localDate(seconds * 1000, timeZone) : undefined;
}

function isAskedFor(instalments: unknown): boolean {
  return ![undefined, null, false, "", 0, 1, "0", "1", "false", "no"].some((none) => instalments === none);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
