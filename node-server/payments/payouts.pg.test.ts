/**
 * What a redemption pays (GovStack vouchers, "Redemption pays"): through the FSP's pre-funded account, less fees, once,
 * whatever the provider does. The provider is simulated; its books are compared with ours.
 */
import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { behaviours, SimulatedProvider } from "../../test/support/gateways.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundFsp, fundGroup } from "../ledger/entries.ts";
import type { Store } from "../ports/store.ts";
import { listOpenPayouts, putFsp, putGroupFee, settleFspDue } from "../postgres/payment-admin.ts";
import { putMerchant, putVoucherGroup, setMerchantStatus, trialBalance } from "../postgres/registry-admin.ts";
import { redeemOnline } from "../vouchers/redeem-online.ts";
import { claimVoucher } from "./claim.ts";
import type { PaymentGateway } from "./gateway.ts";
import { payClaim } from "./settle-claim.ts";

let server: TestServer;
let store: Store;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  store = testStore(pool);
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putVoucherGroup(pool, { code: "FEE", name: "With fees", validityDays: 30 });
  await putGroupFee(pool, { groupCode: "FEE", currency: "USD", fixedMinor: 10n, basisPoints: 200 });
  await putVoucherGroup(pool, { code: "ALL", name: "Fees take all", validityDays: 30 });
  await putGroupFee(pool, { groupCode: "ALL", currency: "USD", fixedMinor: 700n, basisPoints: 0 });
  await putFsp(pool, { id: "citizen", name: "Citizen Bank" });
  await putFsp(pool, { id: "poor", name: "Poor Bank" });
  const accepts = ["FOO", "FEE", "ALL"];
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts });
  await putMerchant(pool, { id: "fsp-shop", name: "Shop of the bank", accepts, fspId: "citizen" });
  await putMerchant(pool, { id: "poor-shop", name: "Shop of the poor bank", accepts, fspId: "poor" });
  for (const code of accepts)
    await fundForTest(pool, fundGroup(`t-${code}`, code, { amountMinor: 10_000_000n, currency: "USD" }));
  await fundForTest(pool, fundFsp("t-1", "citizen", { amountMinor: 1_000_000n, currency: "USD" }));
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("a redemption at a merchant of an FSP", () => {
  test("is paid out of the FSP's money; funding owes it to the FSP, and fees are taken from the merchant", async () => {
    const voucher = await activeVoucher("FEE");
    const moved = await movements(() => redeemOverHttp(voucher, "fsp-shop"));
    expect(moved).toEqual({
      "fees:paypost:USD": 24n,
      "fsp:citizen:USD": -700n,
      "fspDue:citizen:USD": 700n,
      "merchant:fsp-shop:USD": 676n,
      "reserved:FEE:USD": -700n,
    });
    const { rows } = await server.client.pool.query<{ lines: bigint }>(
      `select count(*) as lines from journal_lines l join journal_entries e on e.id = l.entry_id
       where e.kind = 'pay-out' and e.id = (select max(id) from journal_entries)`,
    );
    expect(rows[0]?.lines).toBe(5n);
  });

  test("settling with the FSP makes what is due its liquidity again, and no more than that", async () => {
    const voucher = await activeVoucher("FOO");
    await redeemOverHttp(voucher, "fsp-shop");
    const due = (await balances()).get("fspDue:citizen:USD") ?? 0n;
    const settle = (reference: string) =>
      settleFspDue(store, { fspId: "citizen", currency: "USD", reference, by: "ana" });
    const moved = await movements(() => settle("s-1"));
    expect(moved).toEqual({ "fspDue:citizen:USD": -due, "fsp:citizen:USD": due });
    expect(await settle("s-2")).toEqual({ ok: false, refusal: "nothing-due" });
  });

  test("is refused while the FSP is short of money, leaves the voucher activated, and goes through after", async () => {
    const voucher = await activeVoucher("FOO");
    expect(await redeemOverHttp(voucher, "poor-shop")).toBe("FUNDS_SHORT");
    expect(await server.institution.status(voucher.serialNumber)).toBe("Activated");
    await fundForTest(
      server.client.pool,
      fundFsp(`t-${voucher.serialNumber}`, "poor", { amountMinor: 700n, currency: "USD" }),
    );
    expect(await redeemOverHttp(voucher, "poor-shop")).toBe("REDEEMED");
  });

  test("two at once that the FSP has money for one of: one is paid, one refused", async () => {
    const vouchers = [await activeVoucher("FOO"), await activeVoucher("FOO")];
    await fundForTest(server.client.pool, fundFsp("t-one", "poor", { amountMinor: 700n, currency: "USD" }));
    const messages = await Promise.all(vouchers.map((voucher) => redeemOverHttp(voucher, "poor-shop")));
    expect(new Set(messages)).toEqual(new Set(["FUNDS_SHORT", "REDEEMED"]));
  });

  test("4.5: done offline it is accepted without the FSP's money, stays owed, and is paid when there is some", async () => {
    const voucher = await activeVoucher("FOO");
    const gateway = new SimulatedProvider();
    const claimId = await claimOffline(voucher, "poor-shop");
    expect(await payClaim(store, gateway, claimId)).toBe("owed");
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    expect(gateway.arrivals).toEqual([]);
    const reference = `t-${voucher.serialNumber}`;
    await fundForTest(server.client.pool, fundFsp(reference, "poor", { amountMinor: 700n, currency: "USD" }));
    expect(await payClaim(store, gateway, claimId)).toBe("paid");
    expect(gateway.credited.get("poor-shop")).toBe(700n);
  });
});

describe("a provider that misbehaves", () => {
  test("4.5: fails: the voucher is activated again and the money back where it was (compensation)", async () => {
    const voucher = await activeVoucher("FEE");
    const gateway = new SimulatedProvider(["fails"]);
    const moved = await movements(async () => {
      expect(await redeemThrough(gateway, voucher, "fsp-shop")).toMatchObject({
        code: "merchant-not-creditable",
      });
    });
    expect(moved).toEqual({});
    expect(await server.institution.status(voucher.serialNumber)).toBe("Activated");
    expect(await redeemThrough(gateway, voucher, "fsp-shop", "again")).toMatchObject({ outcome: "paid" });
  });

  test.each(["pays-unheard", "pays-and-throws", "pays-late", "lost", "throws"] as const)(
    "4.5: %s: the caller is told that nothing is known, asks again under the same id, and the merchant is paid once",
    async (behaviour) => {
      const voucher = await activeVoucher("FEE");
      const gateway = new SimulatedProvider([behaviour]);
      expect(await redeemThrough(gateway, voucher, "fsp-shop")).toEqual({ outcome: "unknown" });
      // Whatever is not known keeps the voucher from everybody else (R2).
      expect(await redeemThrough(gateway, voucher, "shop-1", "other")).toMatchObject({ code: "being-paid" });
      let outcome = await redeemThrough(gateway, voucher, "fsp-shop");
      if (outcome.outcome === "unknown") outcome = await redeemThrough(gateway, voucher, "fsp-shop");
      expect(outcome).toMatchObject({ outcome: "paid" });
      expect(gateway.credited.get("fsp-shop")).toBe(676n);
      expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    },
  );

  test("4.5: is never sent a second credit before it was asked what became of the first", async () => {
    const voucher = await activeVoucher("FOO");
    const gateway = new SimulatedProvider(["pays-unheard"]);
    await redeemThrough(gateway, voucher, "shop-1");
    await redeemThrough(gateway, voucher, "shop-1");
    expect(gateway.arrivals).toHaveLength(1);
  });

  test.each(["pays-and-sender-dies", "sender-dies"] as const)(
    "%s: what was noted before it was sent is asked for, and the merchant is paid once",
    async (behaviour) => {
      const provider = new SimulatedProvider([behaviour]);
      const claimId = await claimed(await activeVoucher("FOO"), "fsp-shop", false);
      expect(await tryToPay(provider, claimId)).toBe("died");
      expect(await tryToPay(provider, claimId)).toBe("paid");
      expect([...provider.credited]).toEqual([["fsp-shop", 700n]]);
    },
  );

  test("refuses a credit for goods that were given offline: another is sent under another key until one is paid", async () => {
    const provider = new SimulatedProvider(["fails", "fails"]);
    const claimId = await claimed(await activeVoucher("FOO"), "fsp-shop", true);
    const states = [await payClaim(store, provider, claimId), await payClaim(store, provider, claimId)];
    expect(states).toEqual(["owed", "owed"]);
    expect(await openPayout(claimId)).toMatchObject({ tries: 2, reason: "the provider refuses" });
    expect(await payClaim(store, provider, claimId)).toBe("paid");
    expect(provider.arrivals).toEqual([claimId, `${claimId}-2`, `${claimId}-3`]);
    expect([...provider.credited]).toEqual([["fsp-shop", 700n]]);
    expect(await openPayout(claimId)).toBeUndefined();
  });

  test("hears of no credit for a merchant whose account is closed, and gets one for what is owed when it is open", async () => {
    const provider = new SimulatedProvider();
    const [online, offline] = [
      await claimed(await activeVoucher("FOO"), "shop-1", false),
      await claimed(await activeVoucher("FOO"), "shop-1", true),
    ];
    await setMerchantStatus(server.client.pool, "shop-1", "closed");
    expect(await payClaim(store, provider, online)).toBe("released");
    expect(await payClaim(store, provider, offline)).toBe("owed");
    expect(provider.arrivals).toEqual([]);
    await setMerchantStatus(server.client.pool, "shop-1", "active");
    expect(await payClaim(store, provider, offline)).toBe("paid");
    expect([...provider.credited]).toEqual([["shop-1", 700n]]);
  });

  test("hears of no credit where the fees leave nothing, and the voucher is consumed", async () => {
    const provider = new SimulatedProvider();
    const voucher = await activeVoucher("ALL");
    const moved = await movements(() => redeemThrough(provider, voucher, "shop-1"));
    expect(moved).toEqual({ "fees:paypost:USD": 700n, "reserved:ALL:USD": -700n });
    expect(provider.arrivals).toEqual([]);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
  });

  test("says 'paid' to each of many workers at once: it is booked once", async () => {
    const provider = new SimulatedProvider();
    const claimId = await claimed(await activeVoucher("FEE"), "fsp-shop", false);
    const moved = await movements(async () => {
      const states = await Promise.all(Array.from({ length: 8 }, () => payClaim(store, provider, claimId)));
      expect(new Set(states)).toEqual(new Set(["paid"]));
    });
    expect(moved).toMatchObject({ "merchant:fsp-shop:USD": 676n, "owed:fsp-shop:USD": -700n });
    expect([...provider.credited]).toEqual([["fsp-shop", 676n]]);
  });

  test("says 'paid' of a credit that it had refused: nothing moves a second time, and a person is called", async () => {
    const voucher = await activeVoucher("FOO");
    const claimId = await claimed(voucher, "shop-1", false);
    const sent = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<{ readonly outcome: "paid" }>();
    const twoFaced: PaymentGateway = {
      isExternal: true,
      credit() {
        sent.resolve();
        return answer.promise;
      },
      outcomeOf: () => Promise.resolve({ outcome: "failed", reason: "never heard of that merchant" }),
    };
    const slow = payClaim(store, twoFaced, claimId);
    await sent.promise;
    expect(await payClaim(store, twoFaced, claimId)).toBe("released");
    const moved = await movements(async () => {
      answer.resolve({ outcome: "paid" });
      expect(await slow).toBe("released");
    });
    expect(moved).toEqual({});
    const { rows } = await server.client.pool.query(
      `select detail from alerts where kind = 'payout-contradicted' and subject = $1`,
      [`claim:${claimId}`],
    );
    expect(rows).toEqual([{ detail: { credit: 1, settledAs: "failed", toldLater: "paid" } }]);
  });

  test("whatever it does in whatever order, and whoever dies, its books and ours end the same", async () => {
    const redemption = fc.record({
      offline: fc.boolean(),
      merchant: fc.constantFrom("shop-1", "fsp-shop"),
      behaviours: fc.array(fc.constantFrom(...behaviours), { maxLength: 5 }),
      workers: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(redemption, { minLength: 1, maxLength: 3 }), async (redemptions) => {
        for (const { offline, merchant, behaviours: told, workers } of redemptions) {
          const provider = new SimulatedProvider(told);
          const before = await balances();
          const claimId = await claimed(await activeVoucher("FEE"), merchant, offline);
          const state = await payUntilFinal(provider, claimId, workers);
          const account = `merchant:${merchant}:USD`;
          const gained = ((await balances()).get(account) ?? 0n) - (before.get(account) ?? 0n);
          expect(gained).toBe(provider.credited.get(merchant) ?? 0n);
          expect(gained).toBe(state === "paid" ? 676n : 0n);
          if (offline || !told.includes("fails")) expect(state).toBe("paid");
        }
      }),
      { numRuns: 25 },
    );
  });
});

/** As the payout's job does, by so many workers at once, until the claim has ended. */
async function payUntilFinal(provider: SimulatedProvider, claimId: string, workers: number): Promise<string> {
  for (let tries = 0; tries < 20; tries++) {
    const states = await Promise.all(Array.from({ length: workers }, () => tryToPay(provider, claimId)));
    const final = states.find((state) => state === "paid" || state === "released");
    if (final) return final;
  }
  throw new Error("the claim does not end");
}

/** One try, in a process that dies when the provider's behaviour says so. */
function tryToPay(provider: SimulatedProvider, claimId: string): Promise<string> {
  const died = Promise.withResolvers<string>();
  const gateway: PaymentGateway = {
    isExternal: true,
    credit: (payout) => provider.credit(payout, () => died.resolve("died")),
    outcomeOf: (payout) => provider.outcomeOf(payout),
  };
  return Promise.race([payClaim(store, gateway, claimId), died.promise]);
}

async function openPayout(claimId: string) {
  return (await listOpenPayouts(server.client.pool)).find((payout) => payout.claimId === claimId);
}

async function activeVoucher(groupCode: string): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers(groupCode, [7]);
  if (!voucher) throw new Error("no voucher was made");
  await server.institution.activate([voucher.serialNumber]);
  return voucher;
}

async function redeemOverHttp(voucher: IssuedVoucher, agentId: string): Promise<unknown> {
  const answer = await server.institution.redeem(voucher.serialNumber, voucher.number, agentId);
  return answer.body["message"];
}

function redeemThrough(
  gateway: PaymentGateway,
  { serialNumber, number }: IssuedVoucher,
  agentId: string,
  name = "first",
) {
  const requestId = `${name}-${serialNumber}`;
  const identity = {
    key: { institutionId: "welfare", call: "/vouchers?command=redeem", requestId },
    bodyHash: new Uint8Array(32),
  };
  const deps = { store, gateway, indexKey: server.context.indexKey };
  return redeemOnline(deps, identity, { serialNumber, voucherNumber: number, agentId, override: false });
}

function claimOffline(voucher: IssuedVoucher, merchantId: string): Promise<string> {
  return claimed(voucher, merchantId, true);
}

async function claimed(voucher: IssuedVoucher, merchantId: string, offline: boolean): Promise<string> {
  return store.transaction(async (tx) => {
    const serial = BigInt(voucher.serialNumber);
    const locked = (await tx.vouchers.lock([serial])).get(serial);
    if (!locked) throw new Error("the voucher is gone");
    const cause = randomBytes(8).toString("hex");
    const outcome = await claimVoucher(tx, locked, {
      cause,
      merchantId,
      offline,
      entitled: false,
      actor: "test",
    });
    if (!outcome.ok) throw new Error(outcome.refusal.code);
    return outcome.claim.id;
  });
}

async function balances(): Promise<Map<string, bigint>> {
  const accounts = await trialBalance(server.client.pool);
  return new Map(accounts.map((account) => [account.id, account.amountMinor]));
}

/** What a step moved, by account; accounts that stayed as they were are left out. */
async function movements(step: () => Promise<unknown>): Promise<Readonly<Record<string, bigint>>> {
  const before = await balances();
  await step();
  const changes = [...(await balances())].map(([id, after]) => [id, after - (before.get(id) ?? 0n)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0n));
}
