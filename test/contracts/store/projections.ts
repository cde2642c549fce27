import { describe, expect, test } from "vitest";
import { activated, bytes, enrolledNode, lease, release } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeProjections(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  describe("what nodes read", () => {
    test("a lease is in its node's shape while it is open", async () => {
      const [serial, node] = [await activated(subject()), await enrolledNode(subject())];
      const { epoch, notAfter, document } = await lease(subject(), serial, node);
      expect(await subject().leasesShape(node)).toEqual([
        { serial, epoch, notAfter, lease: base64(document), token: "PV1:X", recalledAt: null },
      ]);
      await transaction((tx) => tx.shapes.recallLease(node, serial, notAfter));
      expect(await subject().leasesShape(node)).toMatchObject([{ serial, recalledAt: notAfter }]);
      await release(subject(), serial);
      expect(await subject().leasesShape(node)).toEqual([]);
      const renewed = await lease(subject(), serial, node);
      await transaction((tx) => tx.shapes.putLease({ ...renewed, notAfter }, "PV1:Y"));
      expect(await subject().leasesShape(node)).toMatchObject([
        { epoch: renewed.epoch, notAfter, token: "PV1:Y" },
      ]);
    });

    test("the merchant's other nodes, new ones too, see at which till a voucher is", async () => {
      const [serial, holder] = [await activated(subject()), await enrolledNode(subject())];
      const neighbour = await enrolledNode(subject());
      const row = await lease(subject(), serial, holder);
      await transaction((tx) => tx.shapes.putElsewhere(row));
      const newcomer = await enrolledNode(subject());
      await transaction((tx) => tx.shapes.tellNewNode(newcomer));
      const seen = { serial, till: "Till 1", notAfter: row.notAfter };
      const look = async (node: string) =>
        (await subject().elsewhereShape(node)).filter((found) => found.serial === serial);
      expect([await look(neighbour), await look(newcomer), await look(holder)]).toEqual([[seen], [seen], []]);
      await transaction((tx) => tx.shapes.removeElsewhere(serial));
      expect([await look(neighbour), await look(newcomer)]).toEqual([[], []]);
    });

    test("a verdict takes the place of the one before", async () => {
      const [node, documents] = [await enrolledNode(subject()), [bytes(40), bytes(50), bytes(60)] as const];
      await transaction(async (tx) => {
        await tx.shapes.putVerdict(node, 1, documents[0]);
        await tx.shapes.putVerdict(node, 2, documents[1]);
        await tx.shapes.putVerdict(node, 1, documents[2]);
      });
      expect(await subject().documentsShape("verdicts", node)).toEqual([
        { key: "1", document: base64(documents[2]) },
        { key: "2", document: base64(documents[1]) },
      ]);
      // A node is told from the beginning which groups its merchant may redeem.
      expect(await subject().documentsShape("trust", node)).toEqual([{ key: "accepts", document: "AID" }]);
    });
  });
}

function base64(document: Uint8Array): string {
  return Buffer.from(document).toString("base64");
}
