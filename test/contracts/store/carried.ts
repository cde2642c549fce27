import { describe, expect, test } from "vitest";
import { bytes, enrolledNode } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeCarried(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  describe("files that were handed in", () => {
    test("a file is acknowledged once: the first of two that come at once stays", async () => {
      const nodeId = await enrolledNode(subject());
      const row = { hash: bytes(32), nodeId, firstSequence: 3, lastSequence: 9, handedInBy: "operator" };
      const [first, second] = [bytes(100), bytes(100)];
      await transaction((tx) => tx.carried.keep({ ...row, acknowledgement: first }));
      await transaction((tx) => tx.carried.keep({ ...row, acknowledgement: second }));
      expect(await transaction((tx) => tx.carried.find(row.hash))).toEqual({
        ...row,
        acknowledgement: first,
      });
      expect(await transaction((tx) => tx.carried.find(bytes(32)))).toBeUndefined();
    });
  });
}
