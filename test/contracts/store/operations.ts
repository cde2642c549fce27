import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { OperationRow } from "../../../node-server/ports/store.ts";
import { activated, bytes, claim, enrolledNode, newOperation } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeOperations(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const insert = (row: OperationRow) => transaction((tx) => tx.operations.insert(row));
  const decide = (row: OperationRow) => transaction((tx) => tx.operations.decide(row));

  describe("operations", () => {
    test("an operation is kept whole and found by hash, sequence and id, but for branches off the chain", async () => {
      const nodeId = await enrolledNode(subject());
      const row = newOperation(nodeId, 1, 5n);
      const fork = { ...newOperation(nodeId, 1, null), branch: "fork", sealed: null } as const;
      await insert(row);
      await insert(fork);
      const found = await transaction(async (tx) => [
        await tx.operations.byHash(nodeId, row.hash),
        await tx.operations.byHash(nodeId, fork.hash),
        await tx.operations.bySequence(nodeId, 1),
        await tx.operations.byOperationId(nodeId, row.operationId),
        await tx.operations.byOperationId(nodeId, fork.operationId),
        await tx.operations.bySequence(nodeId, 2),
      ]);
      expect(found).toEqual([row, fork, row, row, undefined, undefined]);
    });

    test("the chain has one operation for a sequence number and one for an id", async () => {
      const nodeId = await enrolledNode(subject());
      const row = newOperation(nodeId, 1, null);
      await insert(row);
      await expect(insert(newOperation(nodeId, 1, null))).rejects.toMatchObject({
        constraint: "one_operation_a_sequence",
      });
      const sameId = { ...newOperation(nodeId, 2, null), operationId: row.operationId };
      await expect(insert(sameId)).rejects.toMatchObject({ constraint: "one_operation_an_id" });
    });

    test("only an operation that could not be read lacks an id", async () => {
      const nodeId = await enrolledNode(subject());
      const unread = { ...newOperation(nodeId, 1, null), operationId: null, type: "unread" };
      await insert(unread);
      expect(await transaction((tx) => tx.operations.bySequence(nodeId, 1))).toEqual(unread);
      const nameless = { ...newOperation(nodeId, 2, null), operationId: null };
      await expect(insert(nameless)).rejects.toMatchObject({
        constraint: "only_unread_operations_lack_an_id",
      });
    });

    test("a verdict is written with its claim, transaction, evidence and time", async () => {
      const serial = await activated(subject());
      const made = await claim(subject(), serial, true);
      const row = newOperation(await enrolledNode(subject()), 1, serial);
      await insert(row);
      const decided: OperationRow = {
        ...row,
        state: "applied",
        claimId: made.id,
        transactionId: made.transactionId,
        evidence: bytes(32),
        decidedAt: new Date("2030-01-01T00:00:00.456Z"),
      };
      await decide(decided);
      expect(await transaction((tx) => tx.operations.byHash(row.nodeId, row.hash))).toEqual(decided);
      expect(await transaction((tx) => tx.operations.byClaim(made.id))).toEqual(decided);
    });

    test("a final verdict is never changed (O1), a held one is", async () => {
      const row = newOperation(await enrolledNode(subject()), 1, null);
      const at = new Date("2030-01-01T00:00:00Z");
      await insert(row);
      await decide({ ...row, state: "held", reason: "leased-to-another-node", decidedAt: at });
      const rejected: OperationRow = { ...row, state: "rejected", reason: "lease-closed", decidedAt: at };
      await decide(rejected);
      const refused = { constraint: "operation_has_its_verdict" };
      await expect(decide({ ...rejected, state: "applied" })).rejects.toMatchObject(refused);
      await expect(decide({ ...rejected, reason: "expired" })).rejects.toMatchObject(refused);
      await expect(decide({ ...rejected, evidence: bytes(32) })).rejects.toMatchObject(refused);
      await decide(rejected);
      expect(await transaction((tx) => tx.operations.byHash(row.nodeId, row.hash))).toEqual(rejected);
    });

    test("the held operations of the chain that name a voucher are found, for whatever reason, in order of arrival", async () => {
      const [one, other] = [await enrolledNode(subject()), await enrolledNode(subject())];
      const serial = await activated(subject());
      const held = { state: "held", decidedAt: new Date() } as const;
      const rows: OperationRow[] = [
        { ...newOperation(other, 9, serial), ...held, reason: "leased-to-another-node" },
        { ...newOperation(one, 1, serial), ...held, reason: "leased-to-another-node" },
        { ...newOperation(one, 2, serial), ...held, reason: "earlier-operation-held" },
        { ...newOperation(other, 10, serial), ...held, reason: "recovery" },
      ];
      const aside: OperationRow[] = [
        { ...newOperation(one, 3, serial), ...held, branch: "beyond", reason: "node-frozen" },
        { ...newOperation(one, 4, null), ...held, reason: "leased-to-another-node" },
        { ...newOperation(one, 5, serial), state: "queued" },
      ];
      for (const row of [...rows, ...aside]) {
        await insert(row);
        // In memory the clock tells whole milliseconds.
        await setTimeout(2);
      }
      const found = await transaction((tx) => tx.operations.heldFor(serial));
      expect(found).toEqual(rows);
    });

    test("one that could not be read is found for its voucher once somebody has read it, and stays that voucher's", async () => {
      const [node, serial] = [await enrolledNode(subject()), await activated(subject())];
      const unread: OperationRow = { ...newOperation(node, 1, null), type: "unread" };
      await insert(unread);
      const read: OperationRow = {
        ...unread,
        serial,
        state: "held",
        reason: "recovery",
        decidedAt: new Date(),
      };
      await transaction((tx) => tx.operations.decide(read));
      expect(await transaction((tx) => tx.operations.heldFor(serial))).toEqual([read]);
      const another = await activated(subject());
      const moved = transaction((tx) => tx.operations.decide({ ...read, serial: another }));
      await expect(moved).rejects.toMatchObject({ constraint: "operation_is_immutable" });
    });
  });
}
