/** Redemptions without a lease and without the server (design section 4.2), and that no history exceeds the policy. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Policy } from "#sync/documents/policy.ts";
import { testVoucher } from "../../test/support/authority.ts";
import type { TestVoucher } from "../../test/support/authority.ts";
import { testPolicy, usd } from "../../test/support/policy.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import { createTill } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";
import { redeemView } from "../cli/outcomes.ts";
import { operationView } from "../cli/views.ts";
import type { RedeemOutcome } from "./node.ts";

const hourMs = 3_600_000;
const yearMs = 8766 * hourMs;

function readyTill(policy: Policy = testPolicy()): Till {
  const till = createTill();
  till.policy(policy);
  till.stores.queue.transaction(() => till.stores.trust.keepAccepted(["FOO"]));
  till.deny([]);
  till.anchor();
  return till;
}

function take(
  till: Till,
  serial: bigint,
  change: Partial<TestVoucher> = {},
  token: { readonly atRisk?: boolean; readonly group?: string } = {},
): Promise<RedeemOutcome> {
  const voucher = testVoucher(serial, { expiresAtMs: till.clock.wallMs() + yearMs, ...change });
  const text = till.authority.token(voucher, { atRisk: true, group: "FOO", ...token });
  return till.node().redeem({ token: text, number: voucher.number, actor: "Ann", offline: true });
}

function codeOf(outcome: RedeemOutcome): string {
  return outcome.kind === "refused" ? outcome.refusal.code : outcome.kind;
}

describe("4.2: a redemption at risk", () => {
  test("within all limits is accepted, and says what is guaranteed of it", async () => {
    const till = readyTill();
    const outcome = await take(till, 12n);
    expect(outcome).toMatchObject({
      kind: "accepted",
      redeemed: { mode: "at-risk", guaranteedMinor: 1000n },
    });
    expect(codeOf(await take(till, 12n))).toBe("already-redeemed-here");
  });

  test("4.2: is shown as provisional, on the screen and in the list, until its verdict is in", async () => {
    const till = readyTill();
    const { text, json } = redeemView(await take(till, 12n));
    expect(text).toMatch(/^ACCEPTED, PROVISIONALLY: .*10\.00 USD of it is guaranteed/);
    expect(json).toMatchObject({ provisional: true, guaranteed: "10.00" });
    const shown = () => till.stores.redemptions.list(0, 10).map((row) => operationView(row).provisional);
    expect(shown()).toEqual([true]);
    const decided = {
      sequence: 1,
      state: "applied",
      reason: null,
      transactionId: null,
      decidedMs: 1,
    } as const;
    till.stores.queue.transaction(() => till.stores.queue.decide(decided, new Uint8Array(32)));
    expect(shown()).toEqual([false]);
  });

  test.each<[string, (till: Till) => Promise<RedeemOutcome>]>([
    ["not-leased-here", (till) => take(till, 12n, {}, { atRisk: false })],
    ["wrong-merchant-group", (till) => take(till, 12n, {}, { group: "BAR" })],
    ["voucher-expired", (till) => take(till, 12n, { expiresAtMs: till.clock.wallMs() })],
    [
      "wrong-number",
      (till) =>
        till
          .node()
          .redeem({ ...tokenOf(till, 12n), number: "4000000000000013", actor: "Ann", offline: true }),
    ],
    ["over-amount", (till) => take(till, 12n, { amountMinor: 2001n })],
    ["currency-not-allowed", (till) => take(till, 12n, { currency: "KES" })],
    [
      "voucher-denied",
      (till) => {
        till.deny([3n, 12n, 700n]);
        return take(till, 12n);
      },
    ],
    [
      "deny-list-too-old",
      (till) => {
        till.clock.pass(24 * hourMs + 1);
        return take(till, 12n);
      },
    ],
    [
      "over-hours",
      (till) => {
        till.clock.pass(72 * hourMs + 1);
        till.deny([]);
        return take(till, 12n);
      },
    ],
    [
      "clock-not-trusted",
      (till) => {
        till.clock.reboot();
        return take(till, 12n);
      },
    ],
    [
      "policy-expired",
      (till) => {
        till.policy(testPolicy({ version: 2, expiresAtMs: till.clock.wallMs() }));
        till.anchor();
        return take(till, 12n);
      },
    ],
    [
      "at-risk-not-allowed",
      (till) => {
        till.policy(testPolicy({ version: 2, atRisk: null }));
        till.anchor();
        return take(till, 12n);
      },
    ],
    [
      "policy-not-fetched",
      (till) => {
        const anchor = till.stores.node.anchor();
        if (anchor) till.stores.node.setAnchor({ ...anchor, policyVersion: 9 });
        return take(till, 12n);
      },
    ],
  ])("is refused with %s, and nothing is written", async (code, act) => {
    const till = readyTill();
    expect(codeOf(await act(till))).toBe(code);
    expect(till.stores.queue.head().sequence).toBe(0);
  });

  test("limits fail closed: without a policy, a deny list, or any contact nothing is taken", async () => {
    const none = createTill();
    none.stores.queue.transaction(() => none.stores.trust.keepAccepted(["FOO"]));
    expect(codeOf(await take(none, 12n))).toBe("at-risk-not-allowed");
    const listless = createTill();
    listless.policy(testPolicy());
    listless.anchor();
    expect(codeOf(await take(listless, 12n))).toBe("wrong-merchant-group");
    listless.stores.queue.transaction(() => listless.stores.trust.keepAccepted(["FOO"]));
    expect(codeOf(await take(listless, 12n))).toBe("deny-list-too-old");
  });

  test("counts and sums since the last sync, and begins anew with the next", async () => {
    const till = readyTill(testPolicy({ currencies: [usd({ sumMinor: 2500n })] }));
    const codes = [];
    for (const serial of [1n, 2n, 3n]) codes.push(codeOf(await take(till, serial)));
    expect(codes).toEqual(["accepted", "accepted", "over-sum"]);
    settleAll(till);
    till.clock.pass(1000);
    till.anchor();
    expect(codeOf(await take(till, 3n))).toBe("accepted");
  });

  test("that is not sent yet counts although a part of the queue was answered since", async () => {
    const till = readyTill(testPolicy({ currencies: [usd({ sumMinor: 2500n })] }));
    for (const serial of [1n, 2n]) await take(till, serial);
    till.clock.pass(1000);
    till.anchor();
    expect(codeOf(await take(till, 3n))).toBe("over-sum");
  });

  test("a deny list with a part that cannot be read is no list", async () => {
    const till = readyTill();
    till.stores.database
      .prepare(
        "insert into rows_aside (shape, key, problem, value, seen_ms) values ('denied', 'denied:1', 'malformed', '{}', 0)",
      )
      .run();
    expect(codeOf(await take(till, 12n))).toBe("deny-list-too-old");
  });
});

describe("with a server", () => {
  test("a sync brings policy, groups and deny list, and tells how old the list is; cut off, it is redeemed at risk", async () => {
    const server = await startStandIn();
    const till = createTill({ serverUrl: server.url, authority: server.authority, nodeId: server.nodeId });
    server.enrol(till.key.publicKey);
    server.issuePolicy(testPolicy());
    server.accept(["FOO"]);
    server.deny([5n, 6n, 300n]);
    const node = till.node({ fetch });
    // The policy is named by the first contact and comes after it; the list is fetched once the policy is here.
    await node.sync();
    expect(till.stores.denied.isDenied(300n)).toBe(true);
    expect(till.stores.denied.isDenied(7n)).toBe(false);
    expect(till.clock.wallMs() - (till.stores.denied.asOfMs() ?? 0)).toBeLessThan(60_000);
    await server.close();
    const voucher = testVoucher(7n);
    const token = till.authority.token(voucher, { atRisk: true, group: "FOO" });
    const outcome = await node.redeem({ token, number: voucher.number, actor: "Ann", offline: false });
    expect(outcome).toMatchObject({ kind: "accepted", redeemed: { mode: "at-risk" } });
  });

  test("a till whose policy allows nothing at risk does not fetch the deny list", async () => {
    const server = await startStandIn();
    const till = createTill({ serverUrl: server.url, authority: server.authority, nodeId: server.nodeId });
    server.enrol(till.key.publicKey);
    await till.node({ fetch }).sync();
    expect(server.requests.filter((request) => request.includes("denied"))).toEqual([]);
    await server.close();
  });
});

type Step =
  | { readonly do: "take"; readonly amountMinor: bigint; readonly leased: boolean }
  | { readonly do: "sync" }
  | { readonly do: "reboot" }
  | { readonly do: "reopen" }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "jump"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      amountMinor: fc.bigInt(1n, 2500n),
      leased: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("sync" as const, "reboot" as const, "reopen" as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 40 * hourMs }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("jump" as const),
      ms: fc.integer({ min: -90 * hourMs, max: 90 * hourMs }),
    }),
  },
);

test("4.2, 4.6: no sequence of redemptions, syncs, clock jumps and restarts exceeds what the policy allows", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const policy = testPolicy({ expiresAtMs: Date.now() + yearMs });
      let till = readyTill(policy);
      // Real time, which no clock of the machine can be made to show.
      let realMs = 0;
      let syncedMs = 0;
      const since = { count: 0, atRiskMinor: 0n, unanchoredMinor: 0n };
      let serial = 0n;
      for (const each of steps) {
        if (each.do === "sync") {
          settleAll(till);
          till.anchor();
          till.deny([]);
          syncedMs = realMs;
          Object.assign(since, { count: 0, atRiskMinor: 0n, unanchoredMinor: 0n });
        } else if (each.do === "reboot") till.clock.reboot();
        else if (each.do === "reopen") till = till.reopen();
        else if (each.do === "pass") {
          till.clock.pass(each.ms);
          realMs += each.ms;
        } else if (each.do === "jump") till.clock.setWall(till.clock.wallMs() + each.ms);
        else {
          serial += 1n;
          const change = { amountMinor: each.amountMinor, expiresAtMs: Date.now() + 9 * yearMs };
          if (each.leased) till.grant(testVoucher(serial, change), { notAfterMs: Date.now() + 9 * yearMs });
          const outcome = await take(till, serial, change, { atRisk: !each.leased });
          if (outcome.kind !== "accepted") continue;
          const { mode, anchored } = outcome.redeemed;
          if (mode === "at-risk") {
            since.count += 1;
            since.atRiskMinor += each.amountMinor;
            expect(each.amountMinor).toBeLessThanOrEqual(2000n);
            expect(realMs - syncedMs).toBeLessThanOrEqual(24 * hourMs);
          } else if (!anchored) since.unanchoredMinor += each.amountMinor;
        }
        expect(since.count).toBeLessThanOrEqual(3);
        expect(since.atRiskMinor).toBeLessThanOrEqual(5000n);
        expect(since.unanchoredMinor).toBeLessThanOrEqual(5000n);
      }
      till.close();
    }),
    { numRuns: 25 },
  );
}, 60_000);

/** As if a signed list had answered everything. */
function settleAll(till: Till): void {
  const { queue } = till.stores;
  for (const { sequence, state } of queue.after(0, 1000)) {
    if (state === "queued") {
      queue.decide(
        { sequence, state: "applied", reason: null, transactionId: "t", decidedMs: 1 },
        new Uint8Array(32),
      );
    }
  }
}

function tokenOf(till: Till, serial: bigint) {
  const voucher = testVoucher(serial, { expiresAtMs: till.clock.wallMs() + yearMs });
  return { token: till.authority.token(voucher, { atRisk: true, group: "FOO" }) };
}
