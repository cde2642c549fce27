/**
 * Random lives of vouchers, also with transactions that break off in the middle. Whatever happened, the books balance:
 * all accounts together hold nothing, each holds the sum of its lines, and the reserve is what the living vouchers are
 * worth.
 */
import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decideVoucher } from "#core/decide.ts";
import type { VoucherState } from "#core/voucher.machine.ts";
import { fundGroup, releaseReserve } from "../../../node-server/ledger/entries.ts";
import type { PayoutOutcome } from "../../../node-server/payments/gateway.ts";
import { payClaim } from "../../../node-server/payments/settle-claim.ts";
import {
  NotAllowed,
  activated,
  amountMinor,
  cancel,
  claim,
  enrolledNode,
  issueOne,
  lease,
  locked,
  release,
} from "./fixture.ts";
import { answeringGateway } from "../../support/gateways.ts";
import type { StoreSubject } from "./subject.ts";

type Step =
  | { readonly do: "fund"; readonly amount: number }
  | { readonly do: "issue" | "activate" | "cancel" | "lease" | "release" | "claim"; readonly voucher: number }
  | { readonly do: "claim-offline" | "break-off"; readonly voucher: number }
  | { readonly do: "pay"; readonly voucher: number; readonly outcome: PayoutOutcome["outcome"] };

const voucherStep = fc.record({
  do: fc.constantFrom(
    "issue" as const,
    "activate" as const,
    "cancel" as const,
    "lease" as const,
    "release" as const,
    "claim" as const,
    "claim-offline" as const,
    "break-off" as const,
  ),
  voucher: fc.nat(4),
});
const payStep = fc.record({
  do: fc.constant("pay" as const),
  voucher: fc.nat(4),
  outcome: fc.constantFrom("paid" as const, "failed" as const, "unknown" as const),
});
const fundStep = fc.record({ do: fc.constant("fund" as const), amount: fc.integer({ min: 1, max: 500 }) });
const steps = fc.array(
  fc.oneof({ weight: 6, arbitrary: voucherStep }, { weight: 3, arbitrary: payStep }, fundStep),
  { minLength: 5, maxLength: 40 },
);

export function describeRandomLives(subject: () => StoreSubject): void {
  test("the books balance after any life of vouchers", { timeout: 120_000 }, async () => {
    const node = await enrolledNode(subject());
    const before = await reserved(subject());
    const all: bigint[] = [];
    await fc.assert(
      fc.asyncProperty(steps, async (life) => {
        const vouchers = [await activated(subject()), await issueOne(subject())];
        for (const step of life) await take(subject(), step, vouchers, node);
        all.push(...vouchers);
        await expectBalancedBooks(subject());
        expect((await reserved(subject())) - before).toBe(await worthOfLiving(subject(), all));
      }),
      { numRuns: 40 },
    );
  });
}

/** Takes a step whether the voucher's state allows it or not; what is not allowed must be refused, whole. */
async function take(subject: StoreSubject, step: Step, vouchers: bigint[], node: string): Promise<void> {
  if (step.do === "issue") {
    vouchers.push(await issueOne(subject));
    return;
  }
  const serial = vouchers["voucher" in step ? step.voucher % vouchers.length : 0];
  if (serial === undefined) return;
  await attempt(subject, step, serial, node).catch((error: unknown) => {
    // Anything else than a refusal is a fault of the store, and fails the property.
    if (!(error instanceof NotAllowed) && !(error instanceof Error && "constraint" in error)) throw error;
  });
}

async function attempt(subject: StoreSubject, step: Step, serial: bigint, node: string): Promise<unknown> {
  switch (step.do) {
    case "fund":
      return fund(subject, BigInt(step.amount));
    case "issue":
      return issueOne(subject);
    case "activate":
      return activate(subject, serial);
    case "cancel":
      return cancel(subject, serial);
    case "lease":
      return lease(subject, serial, node);
    case "release":
      return release(subject, serial);
    case "claim":
      return claim(subject, serial);
    case "claim-offline":
      return claim(subject, serial, true);
    case "break-off":
      return breakOff(subject, serial);
    case "pay":
      return pay(subject, serial, step.outcome);
  }
}

function fund(subject: StoreSubject, grant: bigint): Promise<boolean> {
  const entry = fundGroup(randomUUID(), "AID", { amountMinor: grant, currency: "USD" });
  return subject.store.transaction((tx) => tx.ledger.post(entry));
}

function activate(subject: StoreSubject, serial: bigint): Promise<void> {
  return subject.store.transaction(async (tx) => {
    const decision = decideVoucher(await locked(tx, serial), { type: "ACTIVATE" });
    if (!decision.ok) throw new NotAllowed(decision.refusal.code);
    await tx.vouchers.update(serial, { ...decision.next, token: "PV1:X" });
  });
}

/** Cancels, gives the reserve back, and then the process "dies". */
function breakOff(subject: StoreSubject, serial: bigint): Promise<void> {
  return subject.store.transaction(async (tx) => {
    const voucher = await locked(tx, serial);
    await tx.vouchers.update(serial, { state: "cancelled", pending: null });
    await tx.ledger.post(releaseReserve(voucher));
    throw new NotAllowed();
  });
}

async function pay(
  subject: StoreSubject,
  serial: bigint,
  outcome: PayoutOutcome["outcome"],
): Promise<unknown> {
  const live = await subject.store.transaction((tx) => tx.claims.live(serial));
  const answer = outcome === "failed" ? { outcome, reason: "no such wallet" } : { outcome };
  return live && payClaim(subject.store, answeringGateway(answer), live.id);
}

async function expectBalancedBooks(subject: StoreSubject): Promise<void> {
  const balances = await subject.balances();
  const totals = new Map<string, bigint>();
  for (const [id, balance] of balances) {
    const currency = id.slice(-3);
    totals.set(currency, (totals.get(currency) ?? 0n) + balance);
  }
  expect([...totals.values()].filter((total) => total !== 0n)).toEqual([]);
  expect(withoutEmpty(balances)).toEqual(withoutEmpty(await subject.sumsOfLines()));
}

function withoutEmpty(balances: ReadonlyMap<string, bigint>): Map<string, bigint> {
  return new Map([...balances].filter(([, balance]) => balance !== 0n));
}

async function reserved(subject: StoreSubject): Promise<bigint> {
  return (await subject.balances()).get("reserved:AID:USD") ?? 0n;
}

async function worthOfLiving(subject: StoreSubject, serials: readonly bigint[]): Promise<bigint> {
  const found = await subject.store.transaction((tx) => tx.vouchers.lock(serials));
  const living = [...found.values()].filter(({ state }) => livingStates.has(state));
  return BigInt(living.length) * amountMinor;
}

const livingStates = new Set<VoucherState>(["preActivated", "activated", "leased", "suspended", "blocked"]);
