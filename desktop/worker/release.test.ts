import { describe, expect, test } from "vitest";
import { testVoucher } from "../../test/support/authority.ts";
import { createTill } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";
import type { RecordStep } from "./record.ts";

const voucher = testVoucher(12n);

function redeem(till: Till) {
  return till.node().redeem({ serial: 12n, number: voucher.number, actor: "Ann", offline: true });
}

describe("a lease that is given back", () => {
  test("is a signed operation, and the voucher is redeemed here no more, although the lease has not ended", async () => {
    const till = createTill();
    till.grant(voucher);
    const released = till.node().release(12n, "Ann");
    expect(released).toMatchObject({ ok: true, recorded: { sequence: 1 } });
    expect(till.stores.queue.find(1)).toMatchObject({ type: "release-lease", sealed: null, state: "queued" });
    expect(await redeem(till)).toMatchObject({ refusal: { code: "lease-given-back" } });
    const again = till.reopen();
    expect(await redeem(again)).toMatchObject({ refusal: { code: "lease-given-back" } });
    expect(again.stores.queue.head().sequence).toBe(1);
  });

  test("is not given back twice, nor when it was redeemed here, nor when it is not held here", async () => {
    const till = createTill();
    expect(till.node().release(12n, "Ann")).toMatchObject({ refusal: { code: "not-leased-here" } });
    till.grant(voucher);
    till.node().release(12n, "Ann");
    expect(till.node().release(12n, "Ann")).toMatchObject({ refusal: { code: "given-back-before" } });
    const other = createTill();
    other.grant(voucher);
    await redeem(other);
    expect(other.node().release(12n, "Ann")).toMatchObject({ refusal: { code: "redeemed-here" } });
  });

  test("is redeemable again under the next lease on it", async () => {
    const till = createTill();
    till.grant(voucher);
    till.node().release(12n, "Ann");
    till.grant(voucher, { n: 2 });
    expect(await redeem(till)).toMatchObject({ kind: "accepted" });
  });

  test("is not listed among those that this till holds", () => {
    const till = createTill();
    till.grant(voucher);
    till.node().release(12n, "Ann");
    expect(till.stores.leases.open(0, 10)).toEqual([]);
    expect(till.stores.leases.countOpen(0)).toBe(0);
  });

  test("under which a redemption was rejected counts no more as one that this till can redeem, and can be given back", async () => {
    const till = createTill();
    till.grant(voucher);
    await redeem(till);
    reject(till, "wrong-number");
    const listed = () => till.stores.leases.open(0, 10).map(({ serial, spent }) => [serial, spent]);
    expect(till.stores.leases.countOpen(0)).toBe(0);
    expect(listed()).toEqual([[12n, true]]);
    expect(await redeem(till)).toMatchObject({ refusal: { code: "rejected-before" } });
    till.node().release(12n, "Ann");
    expect(listed()).toEqual([]);
    expect(till.stores.leases.countOpen(0)).toBe(0);
    till.grant(voucher, { n: 2 });
    expect(till.stores.leases.countOpen(0)).toBe(1);
    expect(listed()).toEqual([[12n, false]]);
  });

  test("that the server has closed, as when the voucher was used elsewhere, is nobody's to give back", async () => {
    const till = createTill();
    till.grant(voucher);
    await redeem(till);
    reject(till, "lease-closed");
    till.leases([{ type: "lease-withdrawn", key: "leases:12", serial: 12n }]);
    expect(till.stores.leases.open(0, 10)).toEqual([]);
    expect(till.stores.leases.countOpen(0)).toBe(0);
  });

  test("the database itself refuses both, whichever comes second", async () => {
    const till = createTill();
    till.grant(voucher);
    till.node().release(12n, "Ann");
    const redemption = {
      sequence: 1,
      serial: 12n,
      mode: "leased",
      epoch: { generation: 1, n: 1 },
      amountMinor: 1250n,
      currency: "USD",
      actor: "Ann",
      anchored: true,
      lastServerTimeMs: 0,
      shift: null,
      cashFeeMinor: null,
      authentication: null,
    } as const;
    expect(() => till.stores.redemptions.insert(redemption)).toThrow("this lease was given back");
    const other = createTill();
    other.grant(voucher);
    await redeem(other);
    const release = { sequence: 1, serial: 12n, epoch: { generation: 1, n: 1 }, cause: "asked" } as const;
    expect(() => other.stores.leases.giveBack(release)).toThrow("this voucher was redeemed here");
  });

  const steps: readonly RecordStep[] = [
    "transaction-begun",
    "operation-signed",
    "queue-row-written",
    "business-row-written",
  ];
  test.each(steps)("a crash at %s leaves the lease as it was", async (crashAt) => {
    const till = createTill();
    till.grant(voucher);
    const crash = (step: RecordStep) => {
      if (step === crashAt) throw new Error("crash");
    };
    expect(() => till.node({ onStep: crash }).release(12n, "Ann")).toThrow("crash");
    const again = till.reopen();
    expect(again.stores.queue.head().sequence).toBe(0);
    expect(await redeem(again)).toMatchObject({ kind: "accepted" });
  });
});

describe("what a till knows of the till beside it", () => {
  test("a voucher that the other one holds is refused with its name", async () => {
    const till = createTill();
    const { shapes, clock } = till;
    const notAfterMs = clock.wallMs() + 60_000;
    const row = { type: "elsewhere", key: "elsewhere:12", serial: 12n, till: "till 2", notAfterMs } as const;
    const load = shapes.beginLoad("elsewhere");
    const to = { handle: "h", position: "0_0" };
    shapes.apply({ name: "elsewhere", from: undefined, load, changes: [row], to });
    expect(await redeem(till)).toMatchObject({
      refusal: { code: "at-other-till", till: "till 2", notAfterMs },
    });
  });
});

/** As if the server's verdict on its one operation had come. */
function reject(till: Till, reason: string): void {
  const verdict = { sequence: 1, state: "rejected", reason, transactionId: null, decidedMs: 1 } as const;
  till.stores.queue.decide(verdict, new Uint8Array(32));
}
