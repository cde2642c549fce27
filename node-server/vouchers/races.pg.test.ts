/**
 * Whatever can happen to a voucher at the same time happens one after the other: each pair runs in both orders on real
 * PostgreSQL, the first held open until the second waits for it, and must end as the voucher's machine says.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decideVoucher } from "#core/decide.ts";
import type { VoucherSnapshot } from "#core/decide.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { barrierStore, untilSomebodyWaits } from "../../test/support/barrier.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { createVoucherActs, firstRequestOf } from "../../test/support/voucher-acts.ts";
import type { ActName, Subject, VoucherActs } from "../../test/support/voucher-acts.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let acts: VoucherActs;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  acts = await createVoucherActs(server);
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

type State = "activated" | "leased" | "redeeming";
const stock: Partial<Record<State, Promise<IssuedVoucher[]>>> = {};

const onVouchers: ActName[] = ["redemption", "lease grant", "lease end", "expiry", "cancel", "suspend"];
const onLeases: ActName[] = [...onVouchers, "leased redemption", "renewal"];
const onClaims: ActName[] = [...onVouchers, "payout paid", "payout failed"];

describe.each([
  ["activated", onVouchers],
  ["leased", onLeases],
  ["redeeming", onClaims],
] as const)("4.5, both orders of every pair: a voucher that is %s", (state, names) => {
  const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

  test.each(pairs)("%s, then %s", async (first, second) => {
    const subject = await voucherThatIs(state);
    const [leader, follower] = [acts.acts[first], acts.acts[second]];
    const expected = expectedAfter({ state, pending: null }, leader.event, follower.event);
    const store = testStore(server.client.pool);
    const barrier = barrierStore(store);
    const leading = leader.run(barrier, subject);
    await barrier.reached;
    const following = follower.run(store, subject);
    await untilSomebodyWaits(server.client.pool);
    barrier.open();
    expect([await leading, await following]).toEqual(expected.accepted);
    const voucher = await store.transaction((tx) => tx.vouchers.find(subject.serial));
    expect({ state: voucher?.state, pending: voucher?.pending }).toEqual(expected.end);
  });
});

function expectedAfter(start: VoucherSnapshot, ...events: readonly VoucherEvent[]) {
  let end = start;
  const accepted = events.map((event, index) => {
    const decision = decideVoucher(end, event);
    if (decision.ok) end = decision.next;
    // The machine does not know of these: a lease that was renewed just now is not due, one asked for elsewhere is recalled.
    const isKept = event.type === "RENEW_LEASE" && index === 1;
    if (isKept && (events[0]?.type === "RENEW_LEASE" || events[0]?.type === "CLAIM")) return false;
    // The same outcome of a payout may arrive twice, and is the same answer.
    return decision.ok || (isPayout(event) && events.every(({ type }) => type === event.type));
  });
  return { accepted, end };
}

function isPayout({ type }: VoucherEvent): boolean {
  return type === "CONSUME" || type === "RELEASE_CLAIM";
}

/** A fresh one for each test; they are made together, before the first of them. */
async function voucherThatIs(state: State): Promise<Subject> {
  stock[state] ??= makeStock(state);
  const voucher = (await stock[state]).pop();
  if (!voucher) throw new Error("more vouchers are needed than pairs were counted");
  const subject = { voucher, serial: BigInt(voucher.serialNumber) };
  if (state === "redeeming")
    await acts.redeem(testStore(server.client.pool), subject, firstRequestOf(subject));
  return subject;
}

async function makeStock(state: State): Promise<IssuedVoucher[]> {
  const { length } = { activated: onVouchers, leased: onLeases, redeeming: onClaims }[state];
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(length ** 2).fill(7));
  const lease = state === "leased" ? { leaseTo: acts.nodeId } : {};
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  const { failedCases } = await server.institution.activate(serials, lease);
  expect(failedCases).toEqual([]);
  // So that they are in the second half of their time, and may be renewed.
  if (state === "leased") await ageLeases(server.client.pool, serials.map(BigInt), 8);
  return vouchers;
}
