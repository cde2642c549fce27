import { describe, expect, test } from "vitest";
import {
  activated,
  amountMinor,
  cancel,
  claim,
  enrolledNode,
  issue,
  issueOne,
  lease,
  locked,
  newBatch,
  newInstructions,
  newVoucher,
} from "./fixture.ts";
import { reserveForVouchers } from "../../../node-server/ledger/entries.ts";
import type { NewVoucher, Tx } from "../../../node-server/ports/store.ts";
import type { StoreSubject } from "./subject.ts";

const dayMs = 86_400_000;

export function describeLifecycle(subject: () => StoreSubject): void {
  const transaction = <T>(work: (tx: Tx) => Promise<T>) => subject().store.transaction(work);

  describe("vouchers past their end", () => {
    const due = (limit = 10_000) => transaction((tx) => tx.vouchers.due(new Date(), limit));
    const end = (serial: bigint, daysAgo: number) =>
      transaction(async (tx) => {
        const { state, pending } = await locked(tx, serial);
        await tx.vouchers.update(serial, {
          state,
          pending,
          expiresAt: new Date(Date.now() - daysAgo * dayMs),
        });
      });

    test("are due, the longest overdue first, and not those that are still good", async () => {
      const [first, second, good] = [
        await issueOne(subject()),
        await activated(subject()),
        await activated(subject()),
      ];
      await end(first, 4000);
      await end(second, 5000);
      const found = await due();
      expect(found.slice(0, 2)).toEqual([second, first]);
      expect(found).not.toContain(good);
      expect(await due(1)).toEqual([second]);
    });

    test("are not due when blocked, ended, or noted to end by something as strong", async () => {
      const node = await enrolledNode(subject());
      const pending = { expire: 0n, block: 0n, cancel: 0n, suspend: 0n };
      for (const what of ["expire", "block", "cancel", "suspend"] as const) {
        pending[what] = await activated(subject());
        await end(pending[what], -30);
        await lease(subject(), pending[what], node);
        await transaction((tx) => tx.vouchers.update(pending[what], { state: "leased", pending: what }));
      }
      const [blocked, cancelled] = [await activated(subject()), await activated(subject())];
      await transaction((tx) => tx.vouchers.update(blocked, { state: "blocked", pending: null }));
      await cancel(subject(), cancelled);
      await end(blocked, 1);
      await end(cancelled, 1);
      const later = await transaction((tx) => tx.vouchers.due(new Date(Date.now() + 3650 * dayMs), 10_000));
      expect(later).toContain(pending.suspend);
      for (const serial of [pending.expire, pending.block, pending.cancel, blocked, cancelled])
        expect(later).not.toContain(serial);
    });
  });

  describe("encrypted numbers", () => {
    test("are erased by the time of their delivery; one that was never delivered is kept", async () => {
      const { delivered, waiting } = await transaction(async (tx) => {
        const made = await makeBatch(tx);
        const other = await makeBatch(tx);
        await tx.batches.markDelivered(made);
        return { delivered: made, waiting: other };
      });
      const erase = (before: number) =>
        transaction((tx) => tx.vouchers.eraseDelivered(new Date(before), 10_000));
      await erase(Date.now() - dayMs);
      const numberOf = async (batch: bigint) =>
        (await transaction((tx) => tx.batches.results(batch)))[0]?.ciphertext;
      expect(await numberOf(delivered)).toHaveLength(44);
      expect(await erase(Date.now() + dayMs)).toBeGreaterThan(0);
      expect(await numberOf(delivered)).toBeNull();
      expect(await numberOf(waiting)).toHaveLength(44);
      expect(await subject().deliveriesOf(delivered)).toEqual([expect.any(Date)]);
      expect(await erase(Date.now() + dayMs)).toBe(0);
    });
  });

  describe("replacements", () => {
    test("an instruction to replace keeps serial and reason, and takes over what the lost one's says", async () => {
      const lost = await issueOne(subject());
      const replaces = { serialNumber: String(lost), reason: "stolen" };
      const [instruction] = newInstructions(1);
      if (!instruction) throw new Error("one instruction was to be made");
      const empty = { groupCode: "", currency: "", amount: "", payeeFunctionalId: null, narration: "" };
      const [before, after] = await transaction(async (tx) => {
        const batch = await newBatch(tx, [{ ...instruction, ...empty, replaces }]);
        const open = await tx.batches.nextOpen(batch, 1);
        await tx.batches.takeOver(batch, 1, lost);
        return [open[0], (await tx.batches.nextOpen(batch, 1))[0]];
      });
      expect(before).toEqual({ ...instruction, ...empty, replaces });
      expect(after).toEqual({ ...instruction, replaces });
    });

    test("old and new know each other", async () => {
      const lost = await issueOne(subject());
      await cancel(subject(), lost);
      const made = await replace(lost);
      const [old, fresh] = await transaction(async (tx) => [
        await tx.vouchers.find(lost),
        await tx.vouchers.find(made),
      ]);
      expect([old?.replacedBy, fresh?.replaces]).toEqual([made, lost]);
    });

    test("a voucher is replaced once", async () => {
      const lost = await issueOne(subject());
      await cancel(subject(), lost);
      await replace(lost);
      await expect(replace(lost)).rejects.toMatchObject({ constraint: "vouchers_replaces_key" });
    });

    test("a voucher that is not cancelled is not replaced, nor by one of another worth", async () => {
      const refused = { constraint: "replaced_voucher_is_cancelled" };
      await expect(replace(await issueOne(subject()))).rejects.toMatchObject(refused);
      const lost = await issueOne(subject());
      await cancel(subject(), lost);
      await expect(replace(lost, { amountMinor: amountMinor + 1n })).rejects.toMatchObject(refused);
    });

    const replace = (lost: bigint, change: Partial<NewVoucher> = {}) =>
      transaction(async (tx) => {
        const batch = await newBatch(tx, newInstructions(1));
        const [serial = 0n] = await tx.vouchers.nextSerials(1);
        const row = { ...newVoucher(batch, 1, serial), replaces: lost, ...change };
        await tx.vouchers.insert([row], reserveForVouchers(`${batch}`, "AID", "USD", [row]));
        return serial;
      });
  });

  describe("budgets", () => {
    test("a programme without one has none; of one, what is neither cancelled nor expired is used", async () => {
      const lock = (group: string) => transaction((tx) => tx.budgets.lock("winter", group, "USD"));
      expect(await lock("KIT")).toBeUndefined();
      await subject().setBudget({ programId: "winter", groupCode: "AID", currency: "USD", limitMinor: 5n });
      const before = (await lock("AID"))?.usedMinor ?? 0n;
      const [cancelled, consumed] = [await activated(subject()), await activated(subject())];
      await issue(subject(), 2);
      expect(await lock("AID")).toEqual({ limitMinor: 5n, usedMinor: before + 4n * amountMinor });
      await cancel(subject(), cancelled);
      await claim(subject(), consumed);
      expect(await lock("AID")).toEqual({ limitMinor: 5n, usedMinor: before + 3n * amountMinor });
    });

    test("a purged voucher counts when it was spent, and not when it was cancelled", async () => {
      await subject().setBudget({ programId: "winter", groupCode: "AID", currency: "USD", limitMinor: 5n });
      const used = () =>
        transaction(async (tx) => (await tx.budgets.lock("winter", "AID", "USD"))?.usedMinor ?? 0n);
      const [cancelled, spent] = [await activated(subject()), await activated(subject())];
      await cancel(subject(), cancelled);
      const { id } = await claim(subject(), spent, true);
      await transaction(async (tx) => {
        await tx.claims.update(id, "paid", new Date());
        await tx.vouchers.update(spent, { state: "consumed", pending: null });
      });
      const before = await used();
      await transaction(async (tx) => {
        for (const serial of [cancelled, spent])
          await tx.vouchers.update(serial, { state: "purged", pending: null });
      });
      expect(await used()).toBe(before);
    });
  });
}

async function makeBatch(tx: Tx): Promise<bigint> {
  const batch = await newBatch(tx, newInstructions(1));
  const [serial = 0n] = await tx.vouchers.nextSerials(1);
  const row = newVoucher(batch, 1, serial);
  await tx.vouchers.insert([row], reserveForVouchers(`${batch}`, "AID", "USD", [row]));
  return batch;
}
