/** The adapter against a real HTTP counterpart that fails in every way the standard allows. The provider is simulated. */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { providerBehaviours, startMobileMoney } from "../../../test/support/mobile-money.ts";
import type { MobileMoneyServer, ProviderBehaviour } from "../../../test/support/mobile-money.ts";
import type { AskedOutcome } from "../carrier.ts";
import type { Payout, PayoutOutcome } from "../gateway.ts";
import { createMobileMoney } from "./gateway.ts";
import type { MobileMoney } from "./gateway.ts";

let server: MobileMoneyServer;
let gateway: MobileMoney;

beforeAll(async () => {
  server = await startMobileMoney();
});

afterAll(() => server.close());

beforeEach(() => {
  server.next.length = 0;
  gateway = createMobileMoney({
    url: `${server.url}/`,
    headers: { "X-API-Key": "key" },
    callbackUrl: undefined,
    ownAccount: [{ key: "accountid", value: "2000" }],
    timeoutMs: 300,
  });
});

function payout(changes: Partial<Payout> = {}): Payout {
  const account = `+2547${Math.floor(Math.random() * 1e8)}`;
  return {
    idempotencyKey: randomUUID(),
    payeeId: "P-1",
    fspId: "MPESA",
    account,
    accountKind: "msisdn",
    money: { amountMinor: 1_250n, currency: "USD" },
    ...changes,
  };
}

const sent = (credit: Payout): Promise<PayoutOutcome> =>
  gateway.credit(credit).catch(() => ({ outcome: "unknown" }) as const);

/** As a chunk's job does it: asked for, and sent again only where it never arrived. */
async function settled(credit: Payout): Promise<AskedOutcome> {
  let outcome: AskedOutcome = await sent(credit);
  for (let round = 0; outcome.outcome === "unknown" && round < 10; round += 1) {
    const reference = outcome.reference ?? credit.reference;
    credit = reference === undefined ? credit : { ...credit, reference };
    outcome = await gateway.outcomeOf(credit).catch(() => ({ outcome: "unknown" }) as const);
    if (outcome.outcome === "not-received") outcome = await sent(credit);
  }
  return outcome;
}

describe("a credit", () => {
  test("says who pays whom what, in major units, under its key", async () => {
    const credit = payout({ narration: "grant" });
    expect(await gateway.credit(credit)).toMatchObject({ outcome: "paid", reference: expect.any(String) });
    expect(server.books.transactions.get(credit.idempotencyKey)).toMatchObject({
      account: credit.account,
      amount: "12.50",
      kind: "disbursement",
      status: "completed",
    });
  });

  test.each<[ProviderBehaviour, PayoutOutcome["outcome"], string | undefined]>([
    ["completes", "paid", undefined],
    ["completes-later", "unknown", undefined],
    ["pending-object", "unknown", undefined],
    ["fails-later", "unknown", undefined],
    ["business-rule", "failed", "AM04"],
    ["validation", "failed", undefined],
    ["identification", "failed", "AC01"],
    ["unauthorised", "unknown", undefined],
    ["internal-carried-out", "unknown", undefined],
    ["internal-not-carried-out", "unknown", undefined],
    ["unavailable", "unknown", undefined],
    ["bad-gateway-carried-out", "unknown", undefined],
    ["lost-page", "unknown", undefined],
    ["reset-before", "unknown", undefined],
    ["reset-after", "unknown", undefined],
    ["hangs-carried-out", "unknown", undefined],
    ["garbage-carried-out", "unknown", undefined],
    ["redirects", "unknown", undefined],
  ])(
    "that %s is %s: what is not said in the standard's words is no outcome",
    async (behaviour, outcome, code) => {
      server.next.push(behaviour);
      const told = await sent(payout());
      expect(told.outcome).toBe(outcome);
      if (told.outcome === "failed") expect(told.code).toBe(code);
    },
  );

  test.each(providerBehaviours)(
    "that %s comes to one end, and is carried out at most once",
    async (behaviour) => {
      server.next.push(behaviour);
      const credit = payout();
      const outcome = await settled(credit);
      const credited = server.books.credits().get(credit.account ?? "") ?? 0;
      const isRefused = ["fails-later", "business-rule", "validation", "identification"].includes(behaviour);
      expect([outcome.outcome, credited]).toEqual(isRefused ? ["failed", 0] : ["paid", 1]);
      // What was carried out, or is under way, is asked for and not sent again.
      const never = [
        "unauthorised",
        "internal-not-carried-out",
        "unavailable",
        "bad-gateway-not-carried-out",
        "lost-page",
        "reset-before",
        "redirects",
      ];
      const arrivals = server.books.arrivals.filter((key) => key === credit.idempotencyKey);
      expect(arrivals).toHaveLength(never.includes(behaviour) ? 2 : 1);
    },
  );

  test("whatever happens to it and to its repetitions, provider and we agree", async () => {
    const behaviour = fc.constantFrom(...providerBehaviours.filter((one) => one !== "hangs-carried-out"));
    await fc.assert(
      fc.asyncProperty(fc.array(behaviour, { maxLength: 5 }), async (behaviours) => {
        server.next.length = 0;
        server.next.push(...behaviours);
        const credit = payout();
        const outcome = await settled(credit);
        expect(server.books.credits().get(credit.account ?? "") ?? 0).toBe(
          outcome.outcome === "paid" ? 1 : 0,
        );
      }),
      { numRuns: 100 },
    );
  });
});

test("a debit takes from the customer, and a reversal takes a credit back, each once for its key", async () => {
  const key = randomUUID();
  const collection = {
    idempotencyKey: key,
    account: [{ key: "msisdn", value: "+254711111111" }],
    money: { amountMinor: 500n, currency: "USD" },
  };
  expect(await gateway.debit(collection)).toMatchObject({ outcome: "paid" });
  expect(await gateway.debit(collection)).toMatchObject({ outcome: "paid" });
  expect(server.books.transactions.get(key)).toMatchObject({ kind: "merchantpay", account: "+254711111111" });
  const credit = payout();
  const paid = await gateway.credit(credit);
  if (paid.outcome !== "paid") throw new Error("not paid");
  const reversal = randomUUID();
  expect(await gateway.reverse(reversal, paid.reference ?? "")).toMatchObject({ outcome: "paid" });
  expect(server.books.transactions.get(credit.idempotencyKey)?.status).toBe("reversed");
  // A credit that was taken back is not paid any more.
  expect(await gateway.outcomeOf(credit)).toMatchObject({ outcome: "failed" });
});
