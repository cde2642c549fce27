/** Operations that wait for people: two decide, the operation has one verdict, and every operation is accounted for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { countOperations, listHeld } from "../postgres/held-admin.ts";
import { trialBalance } from "../postgres/registry-admin.ts";
import type { HeldVerdict } from "../ports/store.ts";
import { decideHeld, proposeDecision, withdrawProposal } from "./decide-held.ts";
import type { HeldOperation } from "./decide-held.ts";
import { closeOverdueLeases } from "./release.ts";

let server: TestServer;
let node: BareNode;

beforeAll(async () => {
  server = await startServerWithShop();
});

beforeEach(async () => {
  node = await enrolAtShop(server);
});

/** 4.7, after whatever these tests did. */
afterAll(async () => {
  const { pool } = server.client;
  for (const { submitted, open, ended, inChain, lastSequence } of await countOperations(pool)) {
    expect(open + ended).toBe(submitted);
    expect(inChain).toBe(lastSequence);
  }
  const accounts = await trialBalance(pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("4.6: what lies beyond a revocation is stored and held for a person", () => {
  test("4.6: applied by two people it is paid like any other, once, and its node is told", async () => {
    const { operation, voucher, held } = await beyondRevocation();
    expect(await listed(held)).toMatchObject({ reason: "node-revoked", branch: "beyond", proposed: null });
    expect(await propose(held, "apply", "Amina")).toMatchObject({ ok: true });
    expect(await propose(held, "reject", "Ben")).toMatchObject({ code: "proposed-before" });
    expect(await decide(held, "Amina")).toMatchObject({ code: "same-person" });
    expect(await decide(held, "Ben")).toMatchObject({ ok: true, row: { state: "applied" } });
    expect(await decide(held, "Ben")).toMatchObject({ code: "not-held" });
    expect(await told(operation)).toMatchObject({ status: "applied", reason: null });
    expect(await claims(voucher)).toBe(1n);
    expect(await actors(operation)).toEqual(["held.propose operator:Amina", "held.decide operator:Ben"]);
  });

  test("4.6: rejected by two people it ends, and the voucher stays for whoever has it", async () => {
    const { operation, voucher, held } = await beyondRevocation();
    await propose(held, "reject", "Amina");
    expect(await decide(held, "Ben")).toMatchObject({
      row: { state: "rejected", reason: "decided-by-people" },
    });
    expect(await told(operation)).toMatchObject({ status: "rejected", reason: "decided-by-people" });
    expect(await claims(voucher)).toBe(0n);
  });

  test("4.7: written off by two people it ends, and is told as rejected", async () => {
    const { operation, held } = await beyondRevocation();
    await propose(held, "write-off", "Amina");
    expect(await decide(held, "Ben")).toMatchObject({ row: { state: "writtenOff" } });
    expect(await told(operation)).toMatchObject({ status: "rejected", reason: "written-off" });
  });

  test("a proposal is withdrawn, and another one made", async () => {
    const { held } = await beyondRevocation();
    expect(await decide(held, "Ben")).toMatchObject({ code: "not-proposed" });
    await propose(held, "apply", "Amina");
    expect(await withdrawProposal(store(), held, "Amina")).toMatchObject({ ok: true });
    expect(await decide(held, "Ben")).toMatchObject({ code: "not-proposed" });
    expect(await propose(held, "reject", "Ben")).toMatchObject({ ok: true });
    expect(await decide(held, "Amina")).toMatchObject({ row: { state: "rejected" } });
  });

  test("a voucher that somebody else has by now is not applied, and nothing changes", async () => {
    const { voucher, held } = await beyondRevocation();
    await closeLease(voucher);
    const redeemed = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1");
    expect(redeemed.body).toMatchObject({ status: 1 });
    await propose(held, "apply", "Amina");
    expect(await decide(held, "Ben")).toMatchObject({ code: "voucher-not-free" });
    expect(await listed(held)).toMatchObject({ proposed: "apply", proposedBy: "Amina" });
    expect(await claims(voucher)).toBe(1n);
  });

  test("4.5, S1: invalid stays invalid: people do not apply one of another amount, or without the voucher's number", async () => {
    const [one, other] = await leased(2);
    if (!one || !other) throw new Error("no vouchers were made");
    const stolen = [node.redeem({ ...one, number: other.number }), node.redeem(other, { amountMinor: 1n })];
    await node.openSession();
    await revokeNode(store(), node.identity.nodeId);
    await node.upload(stolen);
    for (const held of stolen.map(heldOf)) {
      await propose(held, "apply", "Amina");
      expect(await decide(held, "Ben")).toMatchObject({ code: "not-genuine" });
    }
    expect([await claims(one), await claims(other)]).toEqual([0n, 0n]);
  });

  test("the database too holds that they are two", async () => {
    const { held } = await beyondRevocation();
    await propose(held, "apply", "Amina");
    const update = `update held_decisions set decided_by = proposed_by, decided_at = clock_timestamp()
      where node_id = $1 and hash = $2`;
    await expect(
      server.client.pool.query(update, [held.nodeId, Buffer.from(held.hash)]),
    ).rejects.toMatchObject({ constraint: "held_decided_by_two" });
  });

  test("two who decide at once decide once", async () => {
    const { voucher, held } = await beyondRevocation();
    await propose(held, "apply", "Amina");
    const outcomes = await Promise.all([decide(held, "Ben"), decide(held, "Carl")]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await claims(voucher)).toBe(1n);
  });
});

describe("4.6: forks", () => {
  test("4.6: two operations with one number freeze the node after the common prefix, and both branches are kept and decided", async () => {
    const [first, second, third] = await leased(3);
    if (!first || !second || !third) throw new Error("no vouchers were made");
    const common = node.redeem(first);
    const copy = new BareNode(server.url, node.seed, node.identity);
    copy.resumeAfter(node);
    const [one, other] = [node.redeem(second), copy.redeem(third)];
    await node.upload([common, one]);
    copy.resumeAssertions(node);
    const forked = await copy.upload([other], { sequence: 1, hash: common.hash });
    expect(forked.verdicts?.verdicts).toMatchObject([{ status: "held", reason: "forked" }]);
    const { rows } = await server.client.pool.query(
      "select branch, state from operations where node_id = $1 order by received_at, sequence",
      [node.identity.nodeId],
    );
    expect(rows).toEqual([
      { branch: "chain", state: "applied" },
      { branch: "chain", state: "applied" },
      { branch: "fork", state: "held" },
    ]);
    const held = heldOf(other);
    await propose(held, "reject", "Amina");
    expect(await decide(held, "Ben")).toMatchObject({ row: { branch: "fork", state: "rejected" } });
  });
});

async function beyondRevocation() {
  const [voucher] = await leased(1);
  if (!voucher) throw new Error("no voucher was made");
  const operation = node.redeem(voucher);
  await node.openSession();
  await revokeNode(store(), node.identity.nodeId);
  const { verdicts } = await node.upload([operation]);
  expect(verdicts?.verdicts).toMatchObject([{ status: "held", reason: "node-revoked" }]);
  return { operation, voucher, held: heldOf(operation) };
}

function heldOf({ hash }: SignedOperation): HeldOperation {
  return { nodeId: node.identity.nodeId, hash };
}

function store() {
  return testStore(server.client.pool);
}

function propose(held: HeldOperation, verdict: HeldVerdict, by: string) {
  return proposeDecision(store(), held, { verdict, because: "seen at the shop", by });
}

function decide(held: HeldOperation, by: string) {
  return decideHeld(server.context, store(), held, by);
}

async function listed(held: HeldOperation) {
  const [found] = await listHeld(server.client.pool, { hash: Buffer.from(held.hash).toString("hex") });
  return found;
}

/** The verdict as its node reads it. */
async function told(operation: SignedOperation): Promise<unknown> {
  const { rows } = await server.client.pool.query<{ verdict_list: string }>(
    "select verdict_list from shape_verdicts where node_id = $1 and sequence = $2",
    [node.identity.nodeId, operation.sequence],
  );
  const list = await node.readVerdicts(new Uint8Array(Buffer.from(rows[0]?.verdict_list ?? "", "base64")));
  return list.verdicts[0];
}

async function claims({ serialNumber }: IssuedVoucher): Promise<bigint | undefined> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(
    "select count(*) from claims where voucher_serial = $1 and state <> 'released'",
    [BigInt(serialNumber)],
  );
  return rows[0]?.count;
}

async function actors({ sequence }: SignedOperation): Promise<unknown> {
  const { rows } = await server.client.pool.query<{ action: string; actor: string }>(
    "select action, actor from audit_entries where subject = $1 and action like 'held.%' order by id",
    [`operation:${node.identity.nodeId}:${sequence}`],
  );
  return rows.map(({ action, actor }) => `${action} ${actor}`);
}

async function leased(count: number): Promise<readonly IssuedVoucher[]> {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: node.identity.nodeId });
  return vouchers;
}

async function closeLease({ serialNumber }: IssuedVoucher): Promise<void> {
  await ageLeases(server.client.pool, [BigInt(serialNumber)], 20);
  await closeOverdueLeases(server.context, store(), 0);
}
