/** Policies, contacts and what was taken at risk: what the server judges a node's limits by. */
import { describe, expect, test } from "vitest";
import { bytes, enrolledNode, newOperation } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeLimits(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  describe("limits", () => {
    test("a policy is told to every node, and to one that enrols later", async () => {
      const early = await enrolledNode(subject());
      const document = bytes(95);
      await transaction(async (tx) => {
        await tx.limits.lockPolicies();
        const version = ((await tx.limits.currentPolicy())?.version ?? 0) + 1;
        await tx.limits.issuePolicy({ version, document, lateSettlementHours: 0, issuedBy: "Ann" });
      });
      const late = await enrolledNode(subject());
      await transaction((tx) => tx.limits.tellPolicy(late));
      const row = { key: "policy", document: Buffer.from(document).toString("base64") };
      expect(await subject().documentsShape("trust", early)).toContainEqual(row);
      expect(await subject().documentsShape("trust", late)).toContainEqual(row);
    });

    test("a policy is kept by its version, once, and the newest is the current one", async () => {
      const [first, second] = [bytes(90), bytes(91)];
      const insert = (version: number, document: Uint8Array) =>
        transaction((tx) =>
          tx.limits.issuePolicy({ version, document, lateSettlementHours: 48, issuedBy: "Ann" }),
        );
      await insert(101, first);
      await insert(102, second);
      expect(await transaction((tx) => tx.limits.policy(101))).toEqual({ version: 101, document: first });
      expect(await transaction((tx) => tx.limits.currentPolicy())).toEqual({
        version: 102,
        document: second,
      });
      expect(await transaction((tx) => tx.limits.policy(103))).toBeUndefined();
      await expect(insert(102, first)).rejects.toMatchObject({ constraint: "policies_pkey" });
    });

    test("a node may name the contacts it was told, and those that are not forgotten", async () => {
      const id = await enrolledNode(subject());
      const other = await enrolledNode(subject());
      const contact = (told: number, node = id) => transaction((tx) => tx.limits.contact(node, told));
      await transaction(async (tx) => {
        await tx.limits.noteContact(id, 1000, 0);
        await tx.limits.noteContact(id, 2000, 7);
        await tx.limits.noteContact(id, 2000, 7);
      });
      expect(await contact(2000)).toEqual({ policyVersion: 7 });
      expect(await contact(2001)).toBeUndefined();
      expect(await contact(2000, other)).toBeUndefined();
      await transaction((tx) => tx.limits.forgetContacts(id, 2000));
      expect(await contact(1000)).toBeUndefined();
      expect(await contact(2000)).toEqual({ policyVersion: 7 });
    });

    test("what was taken at risk is counted by node and contact, and summed by currency", async () => {
      const id = await enrolledNode(subject());
      const other = await enrolledNode(subject());
      const note = (
        nodeId: string,
        sequence: number,
        toldMs: number,
        amountMinor: bigint,
        currency: string,
      ) =>
        transaction(async (tx) => {
          const row = newOperation(nodeId, sequence, null);
          await tx.operations.insert(row);
          const money = { amountMinor, currency };
          await tx.limits.noteUse(nodeId, { operationHash: row.hash, toldMs, money });
        });
      await note(id, 1, 1000, 500n, "USD");
      await note(id, 2, 1000, 700n, "USD");
      await note(id, 3, 1000, 900n, "KES");
      await note(id, 4, 2000, 100n, "USD");
      await note(other, 1, 1000, 300n, "USD");
      const used = (toldMs: number, currency: string) =>
        transaction((tx) => tx.limits.used(id, toldMs, currency));
      expect(await used(1000, "USD")).toEqual({ count: 3, sumMinor: 1200n });
      expect(await used(1000, "KES")).toEqual({ count: 3, sumMinor: 900n });
      expect(await used(3000, "USD")).toEqual({ count: 0, sumMinor: 0n });
    });
  });
}
