/**
 * Whatever can happen to a voucher at the same time happens one after the other: each pair runs in both orders on real
 * PostgreSQL, the first held open until the second waits for it, and must end as the voucher's machine says.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decideVoucher } from "#core/decide.ts";
import type { VoucherSnapshot } from "#core/decide.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { createSigner } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";
import { barrierStore, untilSomebodyWaits } from "../../test/support/barrier.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { settleRelease } from "../operations/release.ts";
import { claimIdOf } from "../payments/claim.ts";
import { payClaim } from "../payments/settle-claim.ts";
import type { PayoutOutcome } from "../payments/gateway.ts";
import type { Store, VoucherAction } from "../ports/store.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { changeVoucher } from "./change.ts";
import { runCommand } from "./commands.ts";
import { grantLease, lockLeaseNode } from "./leases.ts";
import { presentAndClaim } from "./redeem-online.ts";

interface Subject {
  readonly serial: bigint;
  readonly voucher: IssuedVoucher;
}

interface Racer {
  /** What it means to the voucher's machine. */
  readonly event: VoucherEvent;
  /** Carries it out; false when it was refused. */
  run(store: Store, subject: Subject): Promise<boolean>;
}

let server: TestServer;
let node: BareNode;
let signer: Signer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  const code = await issueEnrolmentCode(testStore(pool), (length) => new Uint8Array(randomBytes(length)), {
    merchantId: "shop-1",
    nodeName: "till",
    validHours: 1,
  });
  node = await BareNode.enrol(server.url, code);
  signer = await createSigner("lease", new Uint8Array(32).fill(7));
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

const racers = {
  redemption: {
    event: { type: "CLAIM", entitled: false },
    run: (store, subject) => redeem(store, subject, randomBytes(6).toString("hex")),
  },
  "lease grant": {
    event: { type: "GRANT_LEASE" },
    run: (store, { serial }) =>
      store.transaction(async (tx) => {
        const found = await lockLeaseNode(tx, node.identity.nodeId);
        const voucher = (await tx.vouchers.lock([serial])).get(serial);
        if (!found.ok || !voucher?.token) throw new Error("no node, or no activated voucher");
        return (await grantLease(tx, signer, { ...voucher, token: voucher.token }, found.node, null)).ok;
      }),
  },
  "lease end": {
    event: { type: "CLOSE_LEASE" },
    run: (store, { serial }) =>
      store.transaction(async (tx) => {
        const holder = await tx.nodes.lock(node.identity.nodeId);
        if (!holder) throw new Error("the node is gone");
        const generation = await tx.registry.generation();
        const epoch = { generation, n: await tx.leases.lastEpochN(serial, generation) };
        const body = { type: "release-lease", serial, epoch } as const;
        return (await settleRelease(server.context, tx, holder, body)).event.type === "APPLY";
      }),
  },
  expiry: {
    event: { type: "EXPIRE" },
    run: (store, { serial }) =>
      store.transaction(async (tx) => {
        const voucher = (await tx.vouchers.lock([serial])).get(serial);
        if (!voucher) throw new Error("the voucher is gone");
        const reason = { actor: "schedule", action: "voucher.expire" };
        return (await changeVoucher(tx, voucher, { type: "EXPIRE" }, reason)).ok;
      }),
  },
  cancel: { event: { type: "CANCEL" }, run: (store, subject) => command(store, subject, "cancel") },
  suspend: { event: { type: "SUSPEND" }, run: (store, subject) => command(store, subject, "suspend") },
  "payout paid": {
    event: { type: "CONSUME" },
    run: (store, subject) => resolveClaim(store, subject, { outcome: "paid" }),
  },
  "payout failed": {
    event: { type: "RELEASE_CLAIM" },
    run: (store, subject) => resolveClaim(store, subject, { outcome: "failed", reason: "closed" }),
  },
} as const satisfies Record<string, Racer>;

type RacerName = keyof typeof racers;

const voucherRacers: RacerName[] = ["redemption", "lease grant", "lease end", "expiry", "cancel", "suspend"];
const claimRacers: RacerName[] = [...voucherRacers, "payout paid", "payout failed"];

describe.each([
  ["activated", voucherRacers],
  ["leased", voucherRacers],
  ["redeeming", claimRacers],
] as const)("a voucher that is %s", (state, names) => {
  const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

  test.each(pairs)("%s, then %s", async (first, second) => {
    const subject = await voucherThatIs(state);
    const expected = expectedAfter({ state, pending: null }, racers[first].event, racers[second].event);
    const store = testStore(server.client.pool);
    const barrier = barrierStore(store);
    const leading = racers[first].run(barrier, subject);
    await barrier.reached;
    const following = racers[second].run(store, subject);
    await untilSomebodyWaits(server.client.pool);
    barrier.open();
    expect([await leading, await following]).toEqual(expected.accepted);
    const voucher = await store.transaction((tx) => tx.vouchers.find(subject.serial));
    expect({ state: voucher?.state, pending: voucher?.pending }).toEqual(expected.end);
  });
});

function expectedAfter(start: VoucherSnapshot, ...events: readonly VoucherEvent[]) {
  let end = start;
  const accepted = events.map((event) => {
    const decision = decideVoucher(end, event);
    if (decision.ok) end = decision.next;
    // The same outcome of a payout may arrive twice, and is the same answer.
    return decision.ok || (isPayout(event) && events.every(({ type }) => type === event.type));
  });
  return { accepted, end };
}

function isPayout({ type }: VoucherEvent): boolean {
  return type === "CONSUME" || type === "RELEASE_CLAIM";
}

async function voucherThatIs(state: "activated" | "leased" | "redeeming"): Promise<Subject> {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const lease = state === "leased" ? { leaseTo: node.identity.nodeId } : {};
  const { failedCases } = await server.institution.activate([voucher.serialNumber], lease);
  expect(failedCases).toEqual([]);
  const subject = { voucher, serial: BigInt(voucher.serialNumber) };
  if (state === "redeeming") await redeem(testStore(server.client.pool), subject, firstRequestOf(subject));
  return subject;
}

function firstRequestOf({ serial }: Subject): string {
  return `r-${serial}`;
}

function keyOf(requestId: string) {
  return { institutionId: "welfare", call: "/vouchers?command=redeem", requestId };
}

function redeem(store: Store, { voucher }: Subject, requestId: string): Promise<boolean> {
  return store.transaction(async (tx) => {
    const request = {
      serialNumber: voucher.serialNumber,
      voucherNumber: voucher.number,
      agentId: "shop-1",
      override: false,
    };
    return (await presentAndClaim(tx, server.context.indexKey, keyOf(requestId), request)).ok;
  });
}

/** Settles the claim that the voucher was redeeming with; true when its end is the one of this outcome. */
async function resolveClaim(store: Store, subject: Subject, outcome: PayoutOutcome): Promise<boolean> {
  const { institutionId, call, requestId } = keyOf(firstRequestOf(subject));
  const claimId = claimIdOf(`request:${institutionId}:${call}:${requestId}`);
  const state = await payClaim(store, { credit: () => Promise.resolve(outcome) }, claimId);
  return state === (outcome.outcome === "paid" ? "paid" : "released");
}

async function command(store: Store, { serial }: Subject, action: VoucherAction): Promise<boolean> {
  const id = await testStore(server.client.pool).transaction((tx) =>
    tx.commands.insert(
      {
        institutionId: "welfare",
        requestId: randomBytes(6).toString("hex"),
        batchId: "race",
        command: action,
        callbackUrl: server.receiver.url,
      },
      [{ line: 1, action, serialNumber: String(serial), leaseTo: null, leaseUntil: null }],
    ),
  );
  await runCommand({ store, tokenSigner: signer, leaseSigner: signer, graceMs: 0 }, id);
  const [item] = await testStore(server.client.pool).transaction((tx) => tx.commands.results(id));
  return item?.failureReason === null;
}
