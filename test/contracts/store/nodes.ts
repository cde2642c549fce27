import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bytes, enrolledNode } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeNodes(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const hourMs = 3_600_000;

  describe("nodes", () => {
    test("a node has its newest key, and the ones before it in their order", async () => {
      const id = await enrolledNode(subject());
      const [first, second, third] = await transaction(async (tx) => {
        const had = await tx.nodes.lock(id);
        if (!had) throw new Error("no node");
        const next = { ...had, publicKey: bytes(32), certificate: bytes(60), keyFrom: 1 };
        const last = { ...next, publicKey: bytes(32), certificate: bytes(61), keyFrom: 7 };
        await tx.nodes.changeKey(had, next);
        await tx.nodes.changeKey(next, last);
        return [had, next, last];
      });
      expect(await transaction((tx) => tx.nodes.find(id))).toEqual(third);
      const kept = [second, first].map((row) => ({
        keyFrom: row?.keyFrom,
        publicKey: row?.publicKey,
        certificate: row?.certificate,
      }));
      expect(await transaction((tx) => tx.nodes.earlierKeys(id))).toEqual(kept);
    });

    test("a new node is active and at the beginning of its chain", async () => {
      const row = {
        id: randomUUID(),
        merchantId: "gone",
        name: "Till 9",
        publicKey: bytes(32),
        certificate: bytes(90),
        lastHash: bytes(32),
      };
      await transaction((tx) => tx.nodes.insert(row));
      const expected = {
        ...row,
        keyFrom: 0,
        status: "active",
        lastSequence: 0,
        assertionCounter: 0,
        mostLeases: 1000,
      };
      expect(await transaction((tx) => tx.nodes.find(row.id))).toEqual(expected);
      expect(await transaction((tx) => tx.nodes.lock(row.id))).toEqual(expected);
      expect(await transaction((tx) => tx.nodes.ofMerchant("gone"))).toEqual([expected]);
      expect(await transaction((tx) => tx.nodes.find(randomUUID()))).toBeUndefined();
    });

    test("a node advances in its chain and changes its status", async () => {
      const id = await enrolledNode(subject());
      const lastHash = bytes(32);
      const node = await transaction(async (tx) => {
        await tx.nodes.advance(id, 7, lastHash);
        await tx.nodes.setStatus(id, "frozen");
        await tx.nodes.touch(id, 1500);
        return tx.nodes.lock(id);
      });
      expect(node).toMatchObject({ lastSequence: 7, lastHash, status: "frozen" });
    });

    test("an assertion counts when its counter is above the last one, also at the same moment", async () => {
      const id = await enrolledNode(subject());
      const count = (counter: number) => transaction((tx) => tx.nodes.countAssertion(id, counter));
      expect([await count(3), await count(3), await count(2), await count(4)]).toEqual([
        true,
        false,
        false,
        true,
      ]);
      const raced = await Promise.all([count(5), count(5), count(5)]);
      expect(raced.filter(Boolean)).toHaveLength(1);
    });

    test("a session finds its node until it ends", async () => {
      const id = await enrolledNode(subject());
      const [lasting, ended] = [bytes(32), bytes(32)];
      await transaction(async (tx) => {
        const now = (await tx.now()).getTime();
        await tx.nodes.openSession(id, lasting, new Date(now + hourMs));
        await tx.nodes.openSession(id, ended, new Date(now - 1));
      });
      const find = (token: Uint8Array) => transaction((tx) => tx.nodes.bySession(token));
      expect((await find(lasting))?.id).toBe(id);
      expect([await find(ended), await find(bytes(32))]).toEqual([undefined, undefined]);
    });

    test("an enrolment code is used once and remembers its node", async () => {
      const id = await enrolledNode(subject());
      const [codeHash, expiresAt] = [bytes(32), new Date(Date.now() + hourMs)];
      const code = { merchantId: "corner", nodeName: "Till 2", expiresAt, agent: true };
      await transaction((tx) => tx.nodes.insertCode({ ...code, codeHash }));
      const look = () => transaction((tx) => tx.nodes.lockCode(codeHash));
      expect(await look()).toEqual({ ...code, nodeId: null });
      await transaction((tx) => tx.nodes.useCode(codeHash, id));
      expect(await look()).toEqual({ ...code, nodeId: id });
      await expect(transaction((tx) => tx.nodes.useCode(codeHash, id))).rejects.toBeInstanceOf(Error);
      expect(await transaction((tx) => tx.nodes.lockCode(bytes(32)))).toBeUndefined();
    });
  });
}
