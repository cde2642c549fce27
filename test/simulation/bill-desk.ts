/**
 * The server's side of bills in a simulation: the real decisions on bills, payments and floats, a simulated biller that is
 * told and answers, and a bank. Messages to the biller and its answers are lost, doubled and late.
 */
import { acceptInquiry } from "../../node-server/bills/inquiries.ts";
import { formatId } from "../../node-server/bills/ids.ts";
import { payByVoucher } from "../../node-server/bills/pay-by-voucher.ts";
import { acceptPayment } from "../../node-server/bills/payments.ts";
import { receiveBill } from "../../node-server/bills/receive-bills.ts";
import { receiveAnswer } from "../../node-server/bills/settle-payment.ts";
import { agentDebt, fundFloat } from "../../node-server/ledger/bill-entries.ts";
import { accountId } from "../../node-server/ledger/entries.ts";
import type { BillRow } from "../../node-server/ports/bill-rows.ts";
import { Biller } from "./biller.ts";
import { JudgingFailed, ServerDied, untilAlive } from "./observed-store.ts";
import type { Server, SimulatedVoucher } from "./server.ts";
import type { World } from "./world.ts";

const hourMs = 3_600_000;
const billerId = "power";
const bankId = "bank";
/** The first is what a voucher is worth, and so can be paid with one. */
const amounts = ["12.50", "20.00"];

export class BillDesk {
  readonly biller: Biller;
  readonly bills: string[] = [];
  readonly #world: World;
  readonly #server: Server;
  #requests = 0;
  readonly #paidIn = new Map<string, bigint>();

  constructor(world: World, server: Server) {
    this.#world = world;
    this.#server = server;
    this.biller = new Biller(world);
  }

  /** What each merchant has paid in for its float, in minor units. */
  paidIn(merchantId: string): bigint {
    return this.#paidIn.get(merchantId) ?? 0n;
  }

  /** The biller tells a new bill. */
  async addBill(): Promise<string> {
    const billId = `EL-${this.bills.length + 1}`;
    const amount = amounts[this.bills.length % amounts.length] ?? "12.50";
    this.bills.push(billId);
    return this.tell(billId, amount, "open");
  }

  /** The biller tells a bill again, as it is now; a refusal is told back. */
  async tell(billId: string, amount: string, state: BillRow["state"]): Promise<string> {
    if (await this.#server.isRecovering()) return "recovering";
    const bill = { billId, amountOnDueDate: amount, currency: "USD", area: "Kisumu", state };
    const told = await untilAlive(() => receiveBill(this.#server.store, billerId, billId, bill, ""));
    return told.ok ? "told" : told.refusal;
  }

  /** A customer of the bank pays, as the bank was told what is due. */
  async payByBank(billId: string): Promise<string> {
    const requestId = await this.#inquire(billId);
    if (requestId === undefined) return "not told";
    const identity = this.#identity("POST /billTransferRequests", requestId);
    const notified = {
      billId,
      inquiryRequestId: requestId,
      reference: `bank-${requestId}`,
      callbackUrl: "https://bank.example/",
      succeeded: true,
    };
    const answer = { status: 202, body: "{}" };
    const accepted = await untilAlive(() => acceptPayment(this.#server.store, identity, notified, answer));
    return accepted.ok ? "taken" : accepted.refusal;
  }

  /** The bank pays with a voucher of its customer's. */
  async payByVoucher(billId: string, voucher: SimulatedVoucher): Promise<string> {
    const requestId = await this.#inquire(billId);
    if (requestId === undefined) return "not told";
    const { store, context } = this.#server;
    const identity = this.#identity("POST /voucherRedemption", requestId);
    const wish = {
      billId,
      inquiryRequestId: requestId,
      voucherNumber: voucher.number,
      serialNumber: String(voucher.serial),
      callbackUrl: null,
    };
    const outcome = await untilAlive(() =>
      payByVoucher({ store, indexKey: context.indexKey }, identity, wish, { status: 202, body: "{}" }),
    );
    if (outcome.outcome === "bill-refused") return outcome.refusal.reason;
    return outcome.outcome === "voucher-refused" ? outcome.code : outcome.outcome;
  }

  /** An agent pays in; the books have it once, however often it is booked. */
  async topUp(merchantId: string, amountMinor: bigint): Promise<string> {
    const money = { amountMinor, currency: "USD" };
    const reference = `T${(this.#requests += 1)}`;
    const isBooked = await untilAlive(() =>
      this.#server.store.transaction(async (tx) => {
        const debtMinor = -(await tx.ledger.lockBalance(accountId(agentDebt(merchantId, money))));
        return tx.ledger.post(fundFloat(reference, merchantId, money, debtMinor));
      }),
    );
    this.#paidIn.set(merchantId, this.paidIn(merchantId) + amountMinor);
    return isBooked ? "booked" : "booked before";
  }

  /** As of a backup; the function brings it back. */
  backUp(): () => void {
    const kept = [...this.#paidIn];
    return () => {
      this.#paidIn.clear();
      for (const [merchantId, amountMinor] of kept) this.#paidIn.set(merchantId, amountMinor);
    };
  }

  /** A job that sends a message: what goes to the biller is played, all else is read by nobody here. */
  async send(callbackId: bigint): Promise<void> {
    const again = () => this.send(callbackId);
    const { store, base } = this.#server;
    const callback = await base.transaction((tx) => tx.callbacks.find(callbackId));
    if (callback?.state !== "waiting" || callback.kind !== "bill-advice") return;
    if (this.#world.strikes(0.15)) {
      this.#world.note(`biller: message ${callback.subject} is lost`);
      return this.#world.after(60_000, again);
    }
    for (let times = this.#world.strikes(0.1) ? 2 : 1; times > 0; times -= 1) {
      const delayMs = this.#world.strikes(0.3) ? this.#world.random.below(30 * hourMs) : 1000;
      this.#world.after(delayMs, () => this.#answer(callback.subject));
    }
    try {
      await store.transaction((tx) =>
        tx.callbacks.recordTry(callback, { state: "delivered", status: 202, error: null }),
      );
    } catch (error) {
      if (!(error instanceof ServerDied)) throw error;
      this.#world.after(60_000, again);
    }
  }

  /** The biller answers for a payment by the id that it was told. */
  async #answer(paymentId: bigint): Promise<void> {
    const { store, base, context } = this.#server;
    const payment = await base.transaction((tx) => tx.billPayments.find(paymentId));
    // What a restore has forgotten is answered, and refused.
    if (!payment) return;
    const { billId, reference } = payment;
    const said = this.biller.answerTo(billId, reference);
    if (this.#world.strikes(0.1)) return this.#world.note(`biller: its answer for ${reference} is lost`);
    if (await this.#server.isRecovering()) return;
    const status = said === "ACK" ? said : "RJC";
    const rejectReason = said === "ACK" ? undefined : said;
    const requestId = formatId("payment", paymentId);
    try {
      const told = await receiveAnswer(context, store, billerId, { requestId, billId, status, rejectReason });
      this.#world.note(
        `biller: ${said} for ${billId} by ${reference}: ${told.ok ? told.state : told.refusal}`,
      );
    } catch (error) {
      if (error instanceof JudgingFailed) return this.#world.note("server: fails at the biller's answer");
      if (!(error instanceof ServerDied)) throw error;
      this.#world.note("server: dies at the biller's answer");
    }
  }

  async #inquire(billId: string): Promise<string | undefined> {
    if (await this.#server.isRecovering()) return undefined;
    const requestId = `Q${(this.#requests += 1)}`;
    const inquiry = {
      payerFiId: bankId,
      requestId,
      correlationId: requestId,
      billId,
      callbackUrl: "https://bank.example/",
    };
    const accepted = await untilAlive(() => acceptInquiry(this.#server.store, inquiry));
    return accepted.ok ? requestId : undefined;
  }

  #identity(call: string, requestId: string) {
    return { key: { institutionId: bankId, call, requestId }, bodyHash: new Uint8Array(32) };
  }
}
