/** Bills, inquiries, payments and requests to pay: what reads back, and what no transaction gets past. */
import { describe, expect, test } from "vitest";
import type { BillPaymentRow, BillRow } from "../../../node-server/ports/bill-rows.ts";
import { creditBiller, holdForBiller, returnFromBiller } from "../../../node-server/ledger/bill-entries.ts";
import { activated, amountMinor, locked } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

let bills = 0;

export function describeBills(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  async function newBill(): Promise<BillRow> {
    bills++;
    const bill: BillRow = {
      id: `EL-${bills}`,
      billerId: "power",
      payerName: "Asha",
      payerType: "organisation",
      payerId: "REG-1",
      area: "Kisumu",
      currency: "USD",
      amountOnDueMinor: amountMinor,
      amountAfterDueMinor: amountMinor + 1n,
      dueOn: "2026-11-30",
      state: "open",
    };
    await transaction((tx) => tx.bills.put(bill));
    return bill;
  }

  type NewPayment = Omit<BillPaymentRow, "id" | "reminders">;

  function paymentOf(bill: BillRow, change: Partial<NewPayment> = {}): NewPayment {
    bills++;
    return {
      billerId: bill.billerId,
      billId: bill.id,
      payerFiId: "bank",
      merchantId: null,
      operation: null,
      debtMinor: 0n,
      requestId: `p-${bills}`,
      reference: "ref",
      means: "account",
      callbackUrl: "https://bank.example/",
      money: { amountMinor, currency: "USD" },
      claimId: null,
      requestToPay: null,
      state: "advised",
      rejectReason: null,
      reason: null,
      duplicateOf: null,
      ...change,
    };
  }

  describe("bills", () => {
    test("read back as they were written, with the day that they are due", async () => {
      const bill = await newBill();
      expect(await transaction((tx) => tx.bills.lock(bill.id))).toEqual(bill);
      const changed: BillRow = { ...bill, dueOn: null, payerName: null, state: "withdrawn" };
      await transaction((tx) => tx.bills.put(changed));
      expect(await transaction((tx) => tx.bills.find(bill.id))).toEqual(changed);
      expect(await transaction((tx) => tx.bills.find("EL-none"))).toBeUndefined();
    });

    test("a biller is found by the prefix of its bills, and by the payer FIs that it is linked with", async () => {
      const found = await transaction(async (tx) => [
        (await tx.billers.ofBill("EL-1"))?.id,
        (await tx.billers.ofBill("XX-1"))?.id,
        (await tx.billers.ofPayerFi("bank")).map(({ id }) => id),
        await tx.billers.isLinked("power", "bank"),
        await tx.billers.isLinked("power", "nobody"),
        (await tx.billers.payerFiByBic("BANKKENA"))?.id,
      ]);
      expect(found).toEqual(["power", undefined, ["power"], true, false, "bank"]);
    });

    test("one that is being paid, or paid, stays what it is", async () => {
      const bill = await newBill();
      await transaction((tx) => tx.billPayments.insert(paymentOf(bill)));
      const change = transaction((tx) => tx.bills.put({ ...bill, amountOnDueMinor: 1n }));
      await expect(change).rejects.toMatchObject({ constraint: "paid_bill_is_fixed" });
    });
  });

  describe("inquiries about bills", () => {
    test("wait until the biller has answered, the late ones too; the newest of an id counts", async () => {
      const bill = await newBill();
      const inquiry = {
        payerFiId: "bank",
        requestId: `q-${bill.id}`,
        correlationId: "c",
        billerId: "power",
        billId: bill.id,
        callbackUrl: "https://bank.example/",
        dueAt: new Date(0),
        state: "asking",
        reason: null,
        quote: null,
      } as const;
      const [first, second] = await transaction(async (tx) => [
        await tx.billInquiries.insert(inquiry),
        await tx.billInquiries.insert(inquiry),
      ]);
      const newest = () =>
        transaction((tx) => tx.billInquiries.byRequest("bank", inquiry.requestId, bill.id));
      expect(await newest()).toMatchObject({ id: second, state: "asking" });
      expect(await transaction((tx) => tx.billInquiries.overdue(new Date(), 1000))).toContain(first);
      await transaction((tx) =>
        tx.billInquiries.answer(second ?? 0n, { state: "late", reason: "slow", quote: null }),
      );
      expect(await transaction((tx) => tx.billInquiries.lockAsking(second ?? 0n))).toBeUndefined();
      const open = await transaction((tx) => tx.billInquiries.lockUnanswered(bill.id, 10));
      expect(open.map(({ id }) => id)).toEqual([first, second]);
      const quote = { amountMinor, currency: "USD" };
      await transaction((tx) =>
        tx.billInquiries.answer(second ?? 0n, { state: "found", reason: null, quote }),
      );
      expect(await newest()).toMatchObject({ state: "found", quote, answeredAt: expect.any(Date) as Date });
    });
  });

  describe("payments of bills", () => {
    test("B1: a second one that lives is refused, until the first has ended in nothing", async () => {
      const bill = await newBill();
      const id = await transaction((tx) => tx.billPayments.insert(paymentOf(bill)));
      const second = () => transaction((tx) => tx.billPayments.insert(paymentOf(bill)));
      await expect(second()).rejects.toMatchObject({ constraint: "one_live_bill_payment" });
      await transaction((tx) =>
        tx.billPayments.settle(id, { state: "rejected", rejectReason: "Und", reason: "no" }),
      );
      const next = await second();
      expect(await transaction((tx) => tx.billPayments.live(bill.id))).toMatchObject({ id: next });
    });

    test("B3: one that has ended stays what it is", async () => {
      const bill = await newBill();
      const id = await transaction((tx) => tx.billPayments.insert(paymentOf(bill)));
      const settle = (state: "acknowledged" | "rejected") =>
        transaction((tx) =>
          tx.billPayments.settle(id, {
            state,
            rejectReason: state === "rejected" ? "Und" : null,
            reason: null,
          }),
        );
      await settle("acknowledged");
      await expect(settle("rejected")).rejects.toMatchObject({ constraint: "bill_payment_is_final" });
    });

    test("B2: money that is not held for a biller is neither credited to it nor given back", async () => {
      const money = { amountMinor, currency: "USD" };
      const payment = { paymentId: 900_000n, billerId: "power", money };
      const source = { means: "account", payerFiId: "bank" } as const;
      for (const entry of [creditBiller(payment), returnFromBiller({ ...payment, source })]) {
        const posted = transaction((tx) => tx.ledger.post(entry));
        await expect(posted).rejects.toMatchObject({ constraint: "account_not_overdrawn" });
      }
      const hold = holdForBiller({ ...payment, source });
      expect(await transaction((tx) => tx.ledger.post(hold))).toBe(true);
      expect(await transaction((tx) => tx.ledger.post(hold))).toBe(false);
      expect(await transaction((tx) => tx.ledger.post(creditBiller(payment)))).toBe(true);
    });

    test("by voucher and its claim say the same at every commit", async () => {
      const bill = await newBill();
      const serial = await activated(subject());
      const claimId = crypto.randomUUID();
      const pay = (state: "claimed" | "paid") =>
        transaction(async (tx) => {
          const voucher = await locked(tx, serial);
          await tx.claims.insert({
            id: claimId,
            serial,
            merchantId: null,
            billerId: "power",
            offline: false,
            state,
            transactionId: claimId.slice(0, 12),
            amountMinor,
            currency: "USD",
            fspId: null,
            feeMinor: 0n,
            liquidityHeld: false,
          });
          await tx.vouchers.update(serial, {
            state: state === "claimed" ? "redeeming" : "consumed",
            pending: null,
          });
          const id = await tx.billPayments.insert(paymentOf(bill, { means: "voucher", claimId }));
          const money = { amountMinor, currency: "USD" };
          const source = { means: "voucher", voucher } as const;
          await tx.ledger.post(holdForBiller({ paymentId: id, billerId: "power", money, source }));
          return id;
        });
      await expect(pay("paid")).rejects.toMatchObject({ constraint: "bill_payment_matches_claim" });
      const id = await pay("claimed");
      const half = transaction((tx) =>
        tx.billPayments.settle(id, { state: "acknowledged", rejectReason: null, reason: null }),
      );
      await expect(half).rejects.toMatchObject({ constraint: "bill_payment_matches_claim" });
      expect(await transaction((tx) => tx.claims.find(claimId))).toMatchObject({
        billerId: "power",
        merchantId: null,
      });
    });

    test("are reminded of at their time, while they are advised", async () => {
      const bill = await newBill();
      const id = await transaction((tx) => tx.billPayments.insert(paymentOf(bill)));
      const inAnHour = new Date(Date.now() + 3_600_000);
      const due = (before: Date) => transaction((tx) => tx.billPayments.toRemind(before, 1000));
      expect(await due(new Date(0))).not.toContain(id);
      expect(await due(inAnHour)).toContain(id);
      const again = () => transaction((tx) => tx.billPayments.remindAgainAt(id, inAnHour));
      expect(await again()).toBe(true);
      expect(await transaction((tx) => tx.billPayments.find(id))).toMatchObject({ reminders: 1 });
      await transaction((tx) =>
        tx.billPayments.settle(id, { state: "acknowledged", rejectReason: null, reason: null }),
      );
      expect(await again()).toBe(false);
    });
  });

  describe("requests to pay", () => {
    test("are one for each number of a biller's, and forget the address when they end", async () => {
      const bill = await newBill();
      const row = {
        billerId: "power",
        requestId: `r-${bill.id}`,
        rtpId: 700_000 + bills,
        billId: bill.id,
        payerFiId: "bank",
        sealedAddress: new Uint8Array([1, 2, 3]),
        billerName: "Power",
        currency: "USD",
        amountMinor,
        expiresAt: new Date(0),
      };
      const id = (await transaction((tx) => tx.requestsToPay.insert(row))) ?? 0n;
      expect(await transaction((tx) => tx.requestsToPay.insert(row))).toBeUndefined();
      const read = () => transaction((tx) => tx.requestsToPay.find(id));
      expect(await read()).toMatchObject({ ...row, id, state: "pending", isAccepted: false });
      expect(await transaction((tx) => tx.requestsToPay.overdue(new Date(), 1000))).toContain(id);
      const expired = { state: "expired", isAccepted: false, rejectReason: "E", reason: "late" } as const;
      const kept = transaction((tx) => tx.requestsToPay.update(id, expired, false));
      await expect(kept).rejects.toMatchObject({ constraint: "ended_request_forgets_address" });
      await transaction((tx) => tx.requestsToPay.update(id, expired, true));
      expect(await read()).toMatchObject({ state: "expired", rejectReason: "E", sealedAddress: null });
      expect(await transaction((tx) => tx.requestsToPay.openOf(bill.id))).toEqual([]);
    });
  });
}
