import { expect, test } from "vitest";
import { testVoucher } from "../../../test/support/authority.ts";
import { openDesk, openDeskWithAnn, orderOf, passphrase, startServer } from "../../../test/support/desk.ts";
import type { TillState } from "../../protocol.ts";
import { testPolicy } from "../../../test/support/policy.ts";

const [first, second, third] = [testVoucher(11n), testVoucher(12n), testVoucher(13n)];

test("T1: each request belongs to a phase, from first start to signed in, and is refused before", async () => {
  const server = await startServer();
  const desk = await openDesk();
  const phase = async () => (await desk.ask("state", {})).phase;
  expect(await phase()).toBe("first-start");
  expect(await desk.problem("redeem", orderOf(first))).toBe("not-possible-now");
  const enrol = { serverUrl: server.url, code: "GOOD-CODE" };
  expect(await desk.ask("enrol", { ...enrol, passphrase: null })).toMatchObject({
    code: "passphrase-needed",
  });
  expect(await desk.ask("enrol", { ...enrol, passphrase: "short" })).toMatchObject({
    code: "passphrase-too-short",
  });
  expect(await desk.ask("enrol", { ...enrol, passphrase })).toEqual({ ok: true });
  expect(await phase()).toBe("signed-out");
  expect(await desk.problem("redeem", orderOf(first))).toBe("not-possible-now");
  await desk.ask("add-cashier", { name: "Ann", pin: "4711" });
  expect(await desk.ask("sign-in", { cashier: 1, pin: "0000" })).toMatchObject({ code: "wrong-pin" });
  await desk.ask("sign-in", { cashier: 1, pin: "4711" });
  expect(await phase()).toBe("open");
  await desk.ask("lock", {});
  expect(await phase()).toBe("locked");
  expect(await desk.problem("sign-in", { cashier: 1, pin: "4711" })).toBe("not-possible-now");
  expect(await desk.ask("unlock", { passphrase: "another one" })).toMatchObject({ code: "wrong-passphrase" });
  expect(await desk.ask("unlock", { passphrase })).toEqual({ ok: true });
  expect(await phase()).toBe("signed-out");
});

test.each([
  ["no such request", "fly", {}],
  ["a request of the object's own", "constructor", {}],
  ["a field too many", "state", { extra: 1 }],
  ["no payload", "state", undefined],
  ["a number that is not 16 digits", "redeem", { serial: "1", token: null, number: "12" }],
  ["neither serial nor token", "redeem", { serial: null, token: null, number: "1".repeat(16) }],
  ["another actor", "redeem", { serial: "1", token: null, number: "1".repeat(16), actor: "Eve" }],
  ["a PIN of letters", "add-cashier", { name: "Eve", pin: "abcd" }],
  ["a time before 1970", "totals", { fromMs: -1, untilMs: 0 }],
])("T2: %s is malformed, and nothing is done", async (_, name, payload) => {
  const desk = await openDesk();
  expect(await desk.problem(name, payload)).toBe("malformed");
});

test("T3: what is accepted names the cashier who is signed in, is in the history and in the totals of the shift", async () => {
  const server = await startServer();
  const desk = await openDeskWithAnn(server, [first, second, third]);
  const check = await desk.ask("check", orderOf(first));
  expect(check).toMatchObject({ ok: true, amount: "12.50", currency: "USD", mode: "leased", cash: null });
  const redeemed = await desk.ask("redeem", orderOf(first));
  expect(redeemed).toMatchObject({
    kind: "accepted",
    operation: { sequence: 1, actor: "Ann", state: "queued", goods: "goods", authentication: null },
  });
  const again = await desk.ask("redeem", orderOf(first));
  expect(again).toMatchObject({ kind: "refused", refusal: { code: "already-redeemed-here" } });
  const asked = { method: "photo", result: "confirmed" } as const;
  await desk.ask("redeem", orderOf(second, { authentication: asked }));
  const { operations } = await desk.ask("history", { search: "ann", state: "pending", before: null });
  expect(operations.map(({ sequence }) => sequence)).toEqual([2, 1]);
  expect(operations[0]?.authentication).toEqual(asked);
  const pending = [{ count: 2, amount: "25.00", currency: "USD" }];
  const day = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
  expect(await desk.ask("totals", day)).toMatchObject({ pending, settled: [], disputed: [], rejected: [] });
  expect(await desk.ask("shifts", day)).toMatchObject({ shifts: [{ cashier: "Ann", totals: { pending } }] });
  expect(await desk.ask("quit-check", {})).toEqual({ queued: 2, sums: pending, acknowledged: false });
  const seen: Promise<TillState>[] = [];
  desk.till.listen(() => void seen.push(desk.ask("state", {})));
  expect(await desk.ask("sync", {})).toEqual({ ok: true });
  const progress = (await Promise.all(seen)).map(({ sync }) => sync?.progress);
  expect(progress).toContainEqual({ sent: 2, of: 2, received: 0 });
  expect(progress.at(-1)).toBeNull();
  expect(await desk.ask("quit-check", {})).toEqual({ queued: 0, sums: [], acknowledged: false });
  expect(server.chain.map(({ operation }) => operation.actor)).toEqual(["Ann", "Ann"]);
  expect(await desk.ask("totals", day)).toMatchObject({ pending: [], settled: pending });
});

test("pending, settled, disputed and rejected stay apart, and the receipt comes with the verdict", async () => {
  const server = await startServer();
  server.judge = ({ sequence }) => {
    if (sequence === 2) return { status: "rejected", reason: "lease-closed", transactionId: null };
    return sequence === 3 ? { status: "held", reason: "recovery", transactionId: null } : {};
  };
  const desk = await openDeskWithAnn(server, [first, second, third]);
  for (const voucher of [first, second, third]) await desk.ask("redeem", orderOf(voucher));
  await desk.ask("sync", {});
  const one = [{ count: 1, amount: "12.50", currency: "USD" }];
  const totals = await desk.ask("totals", { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  expect(totals).toMatchObject({ settled: one, disputed: one, pending: one, rejected: [] });
  const detail = await desk.ask("operation", { sequence: 2 });
  expect(detail).toMatchObject({ disputed: true, reason: "lease-closed", hasReceipt: true });
  expect(await desk.ask("receipt", { sequence: 1 })).toMatchObject({ ok: true });
  expect(await desk.ask("receipt", { sequence: 9 })).toMatchObject({ code: "no-such-operation" });
  const state = await desk.ask("state", {});
  expect(state.sync).toMatchObject({ queued: 0, held: 1, online: true, progress: null });
});

test("T4: what a registry is said to have said is refused unless the till asked it a moment ago", async () => {
  const desk = await openDeskWithAnn(await startServer(), [first]);
  const authentication = { method: "registry", result: "confirmed" } as const;
  const redeemed = await desk.ask("redeem", orderOf(first, { authentication }));
  expect(redeemed).toMatchObject({ kind: "refused", refusal: { code: "authenticate-first" } });
});

test("a merchant's till pays nothing out in cash", async () => {
  const desk = await openDeskWithAnn(await startServer(), [first]);
  const refusal = { ok: false, code: "not-an-agent", details: {} };
  expect(await desk.ask("check", orderOf(first, { goods: "cash" }))).toEqual(refusal);
  expect(await desk.ask("redeem", orderOf(first, { goods: "cash" }))).toEqual({ kind: "refused", refusal });
});

test("an agent's till pays out for the policy's fee, and the drawer is counted against what the shift says", async () => {
  const server = await startServer();
  const { certificate } = server.authority;
  server.authority.certificate = (nodeId, key) => certificate(nodeId, key, true);
  server.issuePolicy(testPolicy({ cashOut: [{ currency: "USD", fixedMinor: 10n, basisPoints: 100 }] }));
  const desk = await openDeskWithAnn(server, [first, second]);
  await desk.ask("sync", {});
  const opening = [{ amount: "100", currency: "USD" }];
  expect(await desk.ask("open-cash", { cash: opening })).toEqual({ ok: true });
  const check = await desk.ask("check", orderOf(first, { goods: "cash" }));
  // 12.50: 0.10 and 1 %, rounded down in the beneficiary's favour.
  expect(check).toMatchObject({ ok: true, amount: "12.50", cash: { paid: "12.28", fee: "0.22" } });
  const paid = await desk.ask("redeem", orderOf(first, { goods: "cash" }));
  expect(paid).toMatchObject({ kind: "accepted", operation: { goods: "cash", cash: { paid: "12.28" } } });
  await desk.ask("redeem", orderOf(second));
  expect(await desk.ask("open-cash", { cash: opening })).toMatchObject({ code: "cash-paid-out" });
  const move = { amount: "50.00", currency: "USD", note: "from the bank" };
  await desk.ask("move-cash", { ...move, direction: "in" });
  await desk.ask("move-cash", { ...move, amount: "20.00", direction: "out" });
  const inDrawer = {
    currency: "USD",
    opening: "100.00",
    putIn: "50.00",
    takenOut: "20.00",
    paidOut: "12.28",
    fees: "0.22",
    expected: "117.72",
    counted: null,
    difference: null,
    forBills: "0.00",
    givenBack: "0.00",
  };
  expect((await desk.ask("state", {})).shift?.cash).toEqual([inDrawer]);
  const twice = [...opening, ...opening];
  expect(await desk.ask("close-shift", { counted: twice })).toMatchObject({ code: "currency-twice" });
  const closed = await desk.ask("close-shift", { counted: [{ amount: "117.70", currency: "USD" }] });
  expect(closed).toMatchObject({
    ok: true,
    shift: { cashier: "Ann", cash: [{ ...inDrawer, counted: "117.70", difference: "-0.02" }] },
  });
  expect((await desk.ask("state", {})).phase).toBe("signed-out");
  await desk.ask("sync", {});
  expect(server.chain.map(({ operation }) => "cashOut" in operation.body && operation.body.cashOut)).toEqual([
    { feeMinor: 22n },
    null,
  ]);
});
