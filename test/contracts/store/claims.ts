import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { claimReserve, releaseReserve, returnClaim } from "../../../node-server/ledger/entries.ts";
import { termsOf } from "../../../node-server/payments/claim.ts";
import { NotAllowed, activated, claim, issueOne, locked } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeClaims(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  const terms = (claimId: string) => ({ claimId, merchantId: "corner", fspId: null, feeMinor: 0n });

  describe("claims", () => {
    test("a claim lives until it is released", async () => {
      const serial = await activated(subject());
      const made = await claim(subject(), serial);
      const look = () =>
        transaction(async (tx) => [await tx.claims.find(made.id), await tx.claims.live(serial)]);
      expect(await look()).toEqual([made, made]);
      await transaction(async (tx) => {
        const voucher = await locked(tx, serial);
        await tx.claims.update(made.id, "released", await tx.now());
        await tx.vouchers.update(serial, { state: "activated", pending: null });
        await tx.ledger.post(returnClaim(voucher, termsOf(made)));
      });
      expect(await look()).toEqual([{ ...made, state: "released" }, undefined]);
      const second = await claim(subject(), serial);
      expect(await look()).toEqual([{ ...made, state: "released" }, second]);
    });

    test("4, P1: a second live claim on one voucher is refused", async () => {
      const serial = await activated(subject());
      const made = await claim(subject(), serial);
      const work = transaction((tx) =>
        tx.claims.insert({ ...made, id: randomUUID(), transactionId: "ANOTHERONE00" }),
      );
      await expect(work).rejects.toMatchObject({ constraint: "one_live_claim" });
    });

    test("4, P1: the reserve of one voucher is debited once, whatever the entry is called", async () => {
      const serial = await activated(subject());
      await claim(subject(), serial);
      const debit = (
        again: (voucher: Awaited<ReturnType<typeof locked>>) => ReturnType<typeof claimReserve>,
      ) => transaction(async (tx) => tx.ledger.post(again(await locked(tx, serial))));
      const refused = { constraint: "voucher_debited_once" };
      await expect(
        debit((voucher) => claimReserve(voucher, terms(randomUUID()), false)),
      ).rejects.toMatchObject(refused);
      await expect(debit((voucher) => releaseReserve(voucher))).rejects.toMatchObject(refused);
    });

    test("4, P1: of many claims at once on one voucher one is made", async () => {
      const serial = await activated(subject());
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => claim(subject(), serial)));
      expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const lost = tries.flatMap((result) =>
        result.status === "rejected" ? [result.reason as unknown] : [],
      );
      expect(lost.every((reason) => reason instanceof NotAllowed)).toBe(true);
    });

    test("a voucher that is being paid without a claim is refused", async () => {
      const serial = await activated(subject());
      const work = transaction(async (tx) => {
        const voucher = await locked(tx, serial);
        await tx.ledger.post(claimReserve(voucher, terms(randomUUID()), false));
        await tx.vouchers.update(serial, { state: "redeeming", pending: null });
      });
      await expect(work).rejects.toMatchObject({ constraint: "voucher_state_matches_claim" });
    });

    test("a voucher that is free while its claim lives is refused", async () => {
      const serial = await activated(subject());
      const made = await claim(subject(), serial);
      const work = transaction(async (tx) => {
        const voucher = await locked(tx, serial);
        await tx.ledger.post(returnClaim(voucher, termsOf(made)));
        await tx.vouchers.update(serial, { state: "activated", pending: null });
      });
      await expect(work).rejects.toMatchObject({ constraint: "voucher_state_matches_claim" });
    });

    test("a claim of another value than its voucher is refused", async () => {
      const serial = await activated(subject());
      const made = await claim(subject(), await activated(subject()));
      const work = transaction(async (tx) => {
        const voucher = await locked(tx, serial);
        const other = { id: randomUUID(), serial, transactionId: "MUCHMORE0000", amountMinor: 2_000n };
        await tx.claims.insert({ ...made, ...other });
        await tx.ledger.post(claimReserve(voucher, terms(other.id), false));
        await tx.vouchers.update(serial, { state: "redeeming", pending: null });
      });
      await expect(work).rejects.toMatchObject({ constraint: "claim_matches_voucher" });
    });

    test("a claim on a voucher that was never activated is refused by its state", async () => {
      const serial = await issueOne(subject());
      await expect(claim(subject(), serial)).rejects.toBeInstanceOf(NotAllowed);
      expect(await transaction((tx) => tx.claims.live(serial))).toBeUndefined();
    });

    test("a credit by a provider is numbered, ends once, and is followed by another only when it failed", async () => {
      const { id } = await claim(subject(), await activated(subject()));
      const attempts = () => transaction((tx) => tx.claims.attempts(id));
      expect(await attempts()).toEqual([]);
      await transaction((tx) => tx.claims.startAttempt(id, 1));
      const early = transaction((tx) => tx.claims.startAttempt(id, 2));
      await expect(early).rejects.toMatchObject({ constraint: "one_credit_at_a_time" });
      await transaction((tx) => tx.claims.endAttempt(id, 1, "failed"));
      const again = transaction((tx) => tx.claims.endAttempt(id, 1, "paid"));
      await expect(again).rejects.toMatchObject({ constraint: "credit_ends_once" });
      await transaction((tx) => tx.claims.startAttempt(id, 2));
      expect(await attempts()).toEqual([
        { n: 1, outcome: "failed" },
        { n: 2, outcome: null },
      ]);
    });

    test("4.5, R2: an unknown outcome never releases a claim: one with a credit under way is not released", async () => {
      const serial = await activated(subject());
      const made = await claim(subject(), serial);
      await transaction((tx) => tx.claims.startAttempt(made.id, 1));
      const work = transaction(async (tx) => {
        const voucher = await locked(tx, serial);
        await tx.claims.update(made.id, "released", await tx.now());
        await tx.vouchers.update(serial, { state: "activated", pending: null });
        await tx.ledger.post(returnClaim(voucher, termsOf(made)));
      });
      await expect(work).rejects.toMatchObject({ constraint: "claim_matches_credit" });
    });

    test("a paid claim stays paid (R1), and its voucher consumed (V1)", async () => {
      const serial = await activated(subject());
      const made = await claim(subject(), serial);
      await transaction(async (tx) => {
        await tx.claims.update(made.id, "paid", await tx.now());
        await tx.vouchers.update(serial, { state: "consumed", pending: null });
      });
      const reopen = transaction((tx) => tx.claims.update(made.id, "released", new Date()));
      await expect(reopen).rejects.toMatchObject({ constraint: "claim_is_final" });
      const revive = transaction((tx) => tx.vouchers.update(serial, { state: "activated", pending: null }));
      await expect(revive).rejects.toMatchObject({ constraint: "voucher_consumed_once" });
    });
  });
}
