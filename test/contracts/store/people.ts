/** What people decide: proposals about held operations, and disputes. */
import { describe, expect, test } from "vitest";
import type { DisputeRow } from "../../../node-server/ports/store.ts";
import { activated, amountMinor, enrolledNode, newOperation, registry } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describePeople(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  async function held(serial: bigint | null = null) {
    const row = newOperation(await enrolledNode(subject()), 1, serial);
    await transaction((tx) => tx.operations.insert(row));
    const decided = { ...row, state: "held", reason: "node-revoked", decidedAt: new Date() } as const;
    await transaction((tx) => tx.operations.decide(decided));
    return { nodeId: row.nodeId, hash: row.hash };
  }

  describe("operations that are held for a reason", () => {
    test("are found by it in order of arrival, and no more once they are decided", async () => {
      const name = await held();
      const reason = `reason-${Buffer.from(name.hash).toString("hex").slice(0, 8)}`;
      const found = () => transaction((tx) => tx.operations.heldBecause(reason, 10));
      const row = await transaction((tx) => tx.operations.byHash(name.nodeId, name.hash));
      if (!row) throw new Error("it is not there");
      await transaction((tx) => tx.operations.decide({ ...row, reason }));
      expect((await found()).map(({ hash }) => hash)).toEqual([name.hash]);
      await transaction((tx) => tx.operations.decide({ ...row, state: "rejected", reason }));
      expect(await found()).toEqual([]);
      expect(await transaction((tx) => tx.operations.byHashAlone(name.hash))).toMatchObject({ reason });
    });
  });

  describe("a proposal about a held operation", () => {
    test("is one at a time, is found until it is decided or withdrawn, and can be made anew after that", async () => {
      const name = await held();
      const propose = (by: string) =>
        transaction((tx) => tx.heldDecisions.propose({ ...name, verdict: "apply", because: "a call", by }));
      const found = () => transaction((tx) => tx.heldDecisions.lockProposal(name.nodeId, name.hash));
      expect(await propose("Amina")).toBe(true);
      expect(await propose("Ben")).toBe(false);
      const proposal = await found();
      expect(proposal).toMatchObject({ verdict: "apply", because: "a call", by: "Amina" });
      await transaction((tx) => tx.heldDecisions.withdraw(proposal?.id ?? 0n));
      expect(await found()).toBeUndefined();
      expect(await propose("Ben")).toBe(true);
      const second = await found();
      await transaction((tx) => tx.heldDecisions.decide(second?.id ?? 0n, "Amina"));
      expect(await found()).toBeUndefined();
      expect(await propose("Carl")).toBe(false);
    });

    test("is never decided by whoever made it", async () => {
      const name = await held();
      await transaction((tx) =>
        tx.heldDecisions.propose({ ...name, verdict: "reject", because: "a call", by: "Amina" }),
      );
      const proposal = await transaction((tx) => tx.heldDecisions.lockProposal(name.nodeId, name.hash));
      const alone = transaction((tx) => tx.heldDecisions.decide(proposal?.id ?? 0n, "Amina"));
      await expect(alone).rejects.toMatchObject({ constraint: "held_decided_by_two" });
    });
  });

  describe("a dispute", () => {
    async function disputed() {
      const serial = await activated(subject());
      const name = await held(serial);
      const dispute = {
        ...name,
        serial,
        merchantId: registry.merchants[0]?.id ?? "",
        groupCode: registry.groups[0]?.code ?? "",
        currency: "USD",
        amountMinor,
        guaranteedMinor: amountMinor,
      };
      await transaction((tx) => tx.disputes.open(dispute));
      return dispute;
    }

    test("is opened once for an operation, and reads back as it was written", async () => {
      const dispute = await disputed();
      const fresh: DisputeRow = {
        ...dispute,
        state: "open",
        verdict: null,
        because: null,
        proposedBy: null,
        decidedBy: null,
        decidedAt: null,
        firstDecidedBy: null,
        appeal: null,
      };
      const read = () => transaction((tx) => tx.disputes.lock(dispute.nodeId, dispute.hash));
      expect(await read()).toEqual(fresh);
      await expect(transaction((tx) => tx.disputes.open(dispute))).rejects.toMatchObject({
        constraint: "disputes_pkey",
      });
      const proposed: DisputeRow = {
        ...fresh,
        state: "proposed",
        verdict: "refuse",
        because: "no goods",
        proposedBy: "Amina",
      };
      await transaction((tx) => tx.disputes.update(proposed));
      expect(await read()).toEqual(proposed);
      const decidedAt = new Date("2030-01-01T00:00:00Z");
      const refused: DisputeRow = { ...proposed, state: "refused", decidedBy: "Ben", decidedAt };
      await transaction((tx) => tx.disputes.update(refused));
      expect(await read()).toEqual(refused);
      expect(await transaction((tx) => tx.disputes.lock(dispute.nodeId, new Uint8Array(32)))).toBeUndefined();
    });

    test("is never decided by whoever proposed it, nor again by whoever decided before its appeal", async () => {
      const dispute = await disputed();
      const row = await transaction((tx) => tx.disputes.lock(dispute.nodeId, dispute.hash));
      if (!row) throw new Error("it is not there");
      const decided: DisputeRow = {
        ...row,
        state: "refused",
        verdict: "refuse",
        because: "no goods",
        proposedBy: "Amina",
        decidedBy: "Amina",
        decidedAt: new Date(),
      };
      const update = (change: DisputeRow) => transaction((tx) => tx.disputes.update(change));
      await expect(update(decided)).rejects.toMatchObject({ constraint: "dispute_decided_by_two" });
      const again: DisputeRow = {
        ...decided,
        state: "refusedFinally",
        decidedBy: "Ben",
        firstDecidedBy: "Ben",
      };
      await expect(update(again)).rejects.toMatchObject({ constraint: "appeal_decided_by_another" });
    });
  });
}
