import { describe, expect, test } from "vitest";
import { releaseReserve, reserveForVouchers } from "../../../node-server/ledger/entries.ts";
import {
  activated,
  amountMinor,
  issue,
  issueOne,
  locked,
  newBatch,
  newInstructions,
  newVoucher,
} from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeVouchers(subject: () => StoreSubject): void {
  const draw = () => subject().store.transaction((tx) => tx.vouchers.nextSerials(50));

  describe("vouchers", () => {
    test("serials are drawn once each, in ascending order", async () => {
      const drawn = await Promise.all([draw(), draw(), draw()]);
      for (const serials of drawn) {
        expect(serials).toHaveLength(50);
        expect(serials).toEqual(serials.toSorted((a, b) => Number(a - b)));
      }
      expect(new Set(drawn.flat()).size).toBe(150);
    });

    test("a new voucher is pre-activated and known by its batch's institution and programme", async () => {
      const { row, found } = await subject().store.transaction(async (tx) => {
        const batch = await newBatch(tx, newInstructions(1));
        const [serial = 0n] = await tx.vouchers.nextSerials(1);
        const made = newVoucher(batch, 1, serial);
        await tx.vouchers.insert([made], reserveForVouchers(`${batch}`, "AID", "USD", [made]));
        return { row: made, found: await tx.vouchers.find(serial) };
      });
      expect(found).toEqual({
        serial: row.serial,
        institutionId: "welfare",
        programId: "winter",
        groupCode: "AID",
        atRisk: false,
        deniedSince: null,
        amountMinor,
        currency: "USD",
        state: "preActivated",
        pending: null,
        numberIndex: row.numberIndex,
        numberVerifier: row.numberVerifier,
        tokenKeyId: row.tokenKeyId,
        token: null,
        activatedAt: null,
        expiresAt: row.expiresAt,
        replaces: null,
        replacedBy: null,
      });
      expect(found?.numberIndex.constructor).toBe(Uint8Array);
    });

    test("a number that a voucher has is not free for another, and the others are", async () => {
      const made = await subject().store.transaction(async (tx) => {
        const batch = await newBatch(tx, newInstructions(3));
        const serials = await tx.vouchers.nextSerials(3);
        const [first, second, third] = serials.map((serial, index) => newVoucher(batch, index + 1, serial));
        if (!first || !second || !third) throw new Error("three vouchers were to be made");
        await tx.vouchers.insert([first], reserveForVouchers(`${batch}:1`, "AID", "USD", [first]));
        const stolen = { ...second, numberIndex: first.numberIndex };
        const free = await tx.vouchers.withFreeNumbers([stolen, third]);
        expect(free).toEqual([third]);
        await tx.vouchers.insert(free, reserveForVouchers(`${batch}:2`, "AID", "USD", free));
        expect((await tx.batches.nextOpen(batch, 10)).map(({ line }) => line)).toEqual([2]);
        return [first.serial, second.serial, third.serial];
      });
      const found = await subject().store.transaction((tx) => tx.vouchers.lock(made));
      expect([...found.keys()]).toEqual([made[0], made[2]]);
    });

    test("locking returns the vouchers that exist, by serial", async () => {
      const serials = await issue(subject(), 3);
      const found = await subject().store.transaction((tx) =>
        tx.vouchers.lock([...serials.toReversed(), 999_999_999n]),
      );
      expect([...found.keys()]).toEqual(serials);
      expect(await subject().store.transaction((tx) => tx.vouchers.lock([]))).toEqual(new Map());
    });

    test("an update changes what it names and nothing else", async () => {
      const serial = await issueOne(subject());
      const activatedAt = new Date("2030-01-01T00:00:00.001Z");
      const expiresAt = new Date("2030-04-01T00:00:00.002Z");
      const [before, after, later] = await subject().store.transaction(async (tx) => {
        const first = await locked(tx, serial);
        await tx.vouchers.update(serial, {
          state: "activated",
          pending: null,
          activatedAt,
          expiresAt,
          token: "PV1:A",
        });
        const second = await locked(tx, serial);
        await tx.vouchers.update(serial, { state: "suspended", pending: null });
        return [first, second, await locked(tx, serial)];
      });
      expect(after).toEqual({ ...before, state: "activated", activatedAt, expiresAt, token: "PV1:A" });
      expect(later).toEqual({ ...after, state: "suspended" });
    });

    test("thousands of vouchers are made in one transaction", async () => {
      const serials = await issue(subject(), 5_000);
      const found = await subject().store.transaction((tx) => tx.vouchers.lock(serials));
      expect(found.size).toBe(5_000);
    });

    test("a voucher that is cancelled with its money still reserved is refused", async () => {
      const serial = await activated(subject());
      const work = subject().store.transaction((tx) =>
        tx.vouchers.update(serial, { state: "cancelled", pending: null }),
      );
      await expect(work).rejects.toMatchObject({ constraint: "voucher_state_matches_reserve" });
    });

    test("a voucher that lives on with its money given back is refused", async () => {
      const serial = await activated(subject());
      const work = subject().store.transaction(async (tx) =>
        tx.ledger.post(releaseReserve(await locked(tx, serial))),
      );
      await expect(work).rejects.toMatchObject({ constraint: "voucher_state_matches_reserve" });
    });

    test("new vouchers of which one is without its reserve are refused", async () => {
      const work = subject().store.transaction(async (tx) => {
        const batch = await newBatch(tx, newInstructions(2));
        const serials = await tx.vouchers.nextSerials(2);
        const rows = serials.map((serial, index) => newVoucher(batch, index + 1, serial));
        await tx.vouchers.insert(rows, reserveForVouchers(`${batch}`, "AID", "USD", rows.slice(1)));
      });
      await expect(work).rejects.toMatchObject({ constraint: "vouchers_through_journal" });
    });

    test("a number that comes to be taken meanwhile makes the whole statement fail", async () => {
      const work = subject().store.transaction(async (tx) => {
        const batch = await newBatch(tx, newInstructions(2));
        const serials = await tx.vouchers.nextSerials(2);
        const [first, second] = serials.map((serial, index) => newVoucher(batch, index + 1, serial));
        if (!first || !second) throw new Error("two vouchers were to be made");
        const rows = [first, { ...second, numberIndex: first.numberIndex }];
        await tx.vouchers.insert(rows, reserveForVouchers(`${batch}`, "AID", "USD", rows));
      });
      await expect(work).rejects.toMatchObject({ constraint: "vouchers_number_index_key" });
    });

    test("something pending is refused on a voucher that nothing binds", async () => {
      const serial = await activated(subject());
      const work = subject().store.transaction((tx) =>
        tx.vouchers.update(serial, { state: "activated", pending: "cancel" }),
      );
      await expect(work).rejects.toMatchObject({ constraint: "pending_only_while_bound" });
    });
  });
}
