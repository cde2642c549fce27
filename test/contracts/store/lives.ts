import { describe, expect, test } from "vitest";
import type { PayoutOutcome } from "../../../node-server/payments/gateway.ts";
import { payClaim } from "../../../node-server/payments/settle-claim.ts";
import { activated, amountMinor, cancel, claim, enrolledNode, issueOne, lease, release } from "./fixture.ts";
import { answeringGateway } from "../../support/gateways.ts";
import type { StoreSubject } from "./subject.ts";

/** What a step moved, by account; accounts that stayed as they were are left out. */
type Movement = Readonly<Record<string, bigint>>;

export function describeLives(subject: () => StoreSubject): void {
  const pay = (claimId: string, outcome: PayoutOutcome) =>
    payClaim(subject().store, answeringGateway(outcome), claimId);
  const stateOf = async (serial: bigint) =>
    (await subject().store.transaction((tx) => tx.vouchers.find(serial)))?.state;

  async function moved(step: () => Promise<unknown>): Promise<Movement> {
    const before = await subject().balances();
    await step();
    const after = await subject().balances();
    const changes = [...after].map(([id, balance]) => [id, balance - (before.get(id) ?? 0n)] as const);
    return Object.fromEntries(changes.filter(([, change]) => change !== 0n));
  }

  describe("the life of a voucher, step by step through the books", () => {
    test("issued, activated, leased, claimed and paid", async () => {
      const node = await enrolledNode(subject());
      let serial = 0n;
      const issued = await moved(async () => (serial = await activated(subject())));
      expect(issued).toEqual({ "funding:AID:USD": -amountMinor, "reserved:AID:USD": amountMinor });
      expect(await moved(() => lease(subject(), serial, node))).toEqual({});
      let claimId = "";
      const claimed = await moved(async () => (claimId = (await claim(subject(), serial, true)).id));
      expect(claimed).toEqual({ "reserved:AID:USD": -amountMinor, "owed:corner:USD": amountMinor });
      expect(await stateOf(serial)).toBe("redeeming");
      expect(await subject().store.transaction((tx) => tx.leases.open(serial))).toBeUndefined();
      const paid = { "owed:corner:USD": -amountMinor, "merchant:corner:USD": amountMinor };
      expect(await moved(() => pay(claimId, { outcome: "paid" }))).toEqual(paid);
      expect(await stateOf(serial)).toBe("consumed");
      expect(await moved(() => pay(claimId, { outcome: "paid" }))).toEqual({});
    });

    test("claimed online, and given back when the payout is known to have failed", async () => {
      const serial = await activated(subject());
      const { id } = await claim(subject(), serial);
      expect(await moved(() => pay(id, { outcome: "unknown" }))).toEqual({});
      const returned = { "owed:corner:USD": -amountMinor, "reserved:AID:USD": amountMinor };
      expect(await moved(() => pay(id, { outcome: "failed", reason: "closed" }))).toEqual(returned);
      expect(await stateOf(serial)).toBe("activated");
      const second = await claim(subject(), serial);
      await pay(second.id, { outcome: "paid" });
      expect(await stateOf(serial)).toBe("consumed");
    });

    test("claimed offline: a failed payout leaves it consumed and owed, until it is paid", async () => {
      const serial = await activated(subject());
      const { id } = await claim(subject(), serial, true);
      expect(await moved(() => pay(id, { outcome: "failed", reason: "closed" }))).toEqual({});
      expect(await stateOf(serial)).toBe("consumed");
      const paid = { "owed:corner:USD": -amountMinor, "merchant:corner:USD": amountMinor };
      expect(await moved(() => pay(id, { outcome: "paid" }))).toEqual(paid);
    });

    test("cancelled before and after it was leased", async () => {
      const back = { "funding:AID:USD": amountMinor, "reserved:AID:USD": -amountMinor };
      const fresh = await issueOne(subject());
      expect(await moved(() => cancel(subject(), fresh))).toEqual(back);
      const leased = await activated(subject());
      await lease(subject(), leased, await enrolledNode(subject()));
      await release(subject(), leased);
      expect(await moved(() => cancel(subject(), leased))).toEqual(back);
      expect(await moved(() => cancel(subject(), leased))).toEqual({});
    });
  });
}
