import { describe, expect, test } from "vitest";
import { activated, bytes, enrolledNode, issueOne, lease, release } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeLeases(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const overdue = (before: number, limit: number) =>
    transaction((tx) => tx.leases.overdue(new Date(before), limit));
  const dayMs = 86_400_000;

  describe("leases", () => {
    test("4.1: a lease is open until it is closed, and its epoch is counted in its generation", async () => {
      const [serial, node] = [await activated(subject()), await enrolledNode(subject())];
      const lastN = (generation: number) => transaction((tx) => tx.leases.lastEpochN(serial, generation));
      expect(await lastN(1)).toBe(0);
      const first = await lease(subject(), serial, node);
      expect(await transaction((tx) => tx.leases.open(serial))).toEqual({ ...first, recalledAt: null });
      await release(subject(), serial);
      expect(await transaction((tx) => tx.leases.open(serial))).toBeUndefined();
      const second = await lease(subject(), serial, node);
      expect(second.epoch).toEqual({ generation: 1, n: 2 });
      expect([await lastN(1), await lastN(2)]).toEqual([2, 0]);
    });

    test("it is known for ever which node had which epoch", async () => {
      const [serial, node, other] = [
        await activated(subject()),
        await enrolledNode(subject()),
        await enrolledNode(subject()),
      ];
      const { epoch } = await lease(subject(), serial, node);
      await release(subject(), serial);
      const known = await transaction(async (tx) => [
        await tx.leases.wasGranted(serial, node, epoch),
        await tx.leases.wasGranted(serial, other, epoch),
        await tx.leases.wasGranted(serial, node, { ...epoch, n: 2 }),
        await tx.leases.wasGranted(serial, node, { ...epoch, generation: 2 }),
      ]);
      expect(known).toEqual([true, false, false, false]);
    });

    test("4.8: one that had been forgotten is known again without being open, also beside another's open one", async () => {
      const [serial, node, other] = [
        await activated(subject()),
        await enrolledNode(subject()),
        await enrolledNode(subject()),
      ];
      await lease(subject(), serial, other);
      const epoch = { generation: 7, n: 3 };
      await transaction(async (tx) => {
        const open = await tx.leases.open(serial);
        if (!open) throw new Error("no lease is open");
        const { recalledAt: _, ...row } = { ...open, nodeId: node, epoch };
        await tx.leases.insertClosed(row, await tx.now());
      });
      expect(await transaction((tx) => tx.leases.wasGranted(serial, node, epoch))).toBe(true);
      expect(await transaction((tx) => tx.leases.open(serial))).toMatchObject({ nodeId: other });
      expect(await transaction((tx) => tx.leases.countOpen(node))).toBe(0);
    });

    test("overdue are the open leases that ended before a time, the longest overdue first", async () => {
      const node = await enrolledNode(subject());
      const serials = [await activated(subject()), await activated(subject()), await activated(subject())];
      const now = Date.now();
      for (const [index, serial] of serials.entries()) {
        await transaction(async (tx) => {
          const notAfter = new Date(now - (index + 1) * dayMs);
          const epoch = { generation: 1, n: 1 };
          await tx.leases.insert({
            serial,
            nodeId: node,
            epoch,
            notAfter,
            document: bytes(10),
            renewable: true,
          });
          await tx.vouchers.update(serial, { state: "leased", pending: null });
        });
      }
      await release(subject(), serials[0] ?? 0n);
      expect(await overdue(now, 10)).toEqual([serials[2], serials[1]]);
      expect(await overdue(now, 1)).toEqual([serials[2]]);
      expect(await overdue(now - 2.5 * dayMs, 10)).toEqual([serials[2]]);
    });

    test("4.1: a lease closes once: one that was closed is not closed again", async () => {
      const [serial, node] = [await activated(subject()), await enrolledNode(subject())];
      const { epoch } = await lease(subject(), serial, node);
      await release(subject(), serial);
      const again = transaction((tx) => tx.leases.close(serial, epoch, "expired", new Date()));
      await expect(again).rejects.toBeInstanceOf(Error);
    });

    test("a recalled lease stays open", async () => {
      const [serial, node] = [await activated(subject()), await enrolledNode(subject())];
      const row = await lease(subject(), serial, node);
      const recalledAt = new Date("2030-01-01T00:00:00.123Z");
      await transaction((tx) => tx.leases.markRecalled(serial, row.epoch, recalledAt));
      expect(await transaction((tx) => tx.leases.open(serial))).toEqual({ ...row, recalledAt });
    });

    test("a node's open leases are counted and listed, those that end first before the others", async () => {
      const [node, other] = [await enrolledNode(subject()), await enrolledNode(subject())];
      const serials = [await activated(subject()), await activated(subject()), await activated(subject())];
      for (const serial of serials) await lease(subject(), serial, node);
      await release(subject(), serials[0] ?? 0n);
      const found = await transaction(async (tx) => [
        await tx.leases.countOpen(node),
        await tx.leases.ofNode(node, 10),
        await tx.leases.ofNode(node, 1),
        await tx.leases.countOpen(other),
      ]);
      expect(found).toEqual([2, serials.slice(1), serials.slice(1, 2), 0]);
    });

    test("a renewal closes one lease and opens the next in one transaction", async () => {
      const [serial, node] = [await activated(subject()), await enrolledNode(subject())];
      const row = await lease(subject(), serial, node);
      const next = { ...row, epoch: { generation: 1, n: 2 }, renewable: false };
      await transaction(async (tx) => {
        await tx.leases.close(serial, row.epoch, "renewed", new Date());
        await tx.leases.insert(next);
      });
      expect(await transaction((tx) => tx.leases.open(serial))).toEqual({ ...next, recalledAt: null });
    });

    test("a merchant's vouchers to hand out are found while they are activated and not leased", async () => {
      const node = await enrolledNode(subject());
      const [kept, leased, nobodys] = [
        await activated(subject()),
        await activated(subject()),
        await activated(subject()),
      ];
      await transaction(async (tx) => {
        for (const serial of [kept, leased]) {
          await tx.vouchers.update(serial, { state: "activated", pending: null, dispensedBy: "corner" });
        }
      });
      await lease(subject(), leased, node);
      const found = await transaction((tx) => tx.vouchers.toDispense("corner", "AID", 1000));
      expect([kept, leased, nobodys].filter((serial) => found.includes(serial))).toEqual([kept]);
      expect(await transaction((tx) => tx.vouchers.toDispense("gone", "AID", 1000))).toEqual([]);
      expect(await transaction((tx) => tx.vouchers.toDispense("corner", "KIT", 1000))).toEqual([]);
    });

    test("4.1: one holder at a time: a second open lease of one voucher is refused", async () => {
      const [serial, node] = [await activated(subject()), await enrolledNode(subject())];
      const row = await lease(subject(), serial, node);
      const work = transaction((tx) => tx.leases.insert({ ...row, epoch: { generation: 1, n: 2 } }));
      await expect(work).rejects.toMatchObject({ constraint: "one_open_lease" });
    });

    test("a voucher that is leased with no lease open is refused, and the other way round", async () => {
      const [serial, node] = [await activated(subject()), await enrolledNode(subject())];
      const change = (state: "leased" | "activated") =>
        transaction((tx) => tx.vouchers.update(serial, { state, pending: null }));
      await expect(change("leased")).rejects.toMatchObject({ constraint: "voucher_state_matches_lease" });
      await lease(subject(), serial, node);
      await expect(change("activated")).rejects.toMatchObject({ constraint: "voucher_state_matches_lease" });
    });

    test("4.1: a lease that outlasts its voucher is refused", async () => {
      const [serial, nodeId] = [await issueOne(subject()), await enrolledNode(subject())];
      const work = transaction(async (tx) => {
        const notAfter = new Date(Date.now() + 91 * dayMs);
        await tx.leases.insert({
          serial,
          nodeId,
          epoch: { generation: 1, n: 1 },
          notAfter,
          document: bytes(9),
          renewable: true,
        });
        await tx.vouchers.update(serial, { state: "leased", pending: null });
      });
      await expect(work).rejects.toMatchObject({ constraint: "lease_within_validity" });
    });
  });
}
