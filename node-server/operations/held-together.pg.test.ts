/**
 * Held operations that stand in each other's way: whatever ends one of them, by rule or by people, ends what waited for
 * it, and one that nobody can judge yet keeps nothing else from its verdict.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decodeEnvelope } from "#sync/documents/operation.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { countOperations } from "../postgres/held-admin.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import type { HeldVerdict } from "../ports/store.ts";
import { decideHeld, proposeDecision, retryQuarantined } from "./decide-held.ts";
import { settleAll } from "./receive.ts";
import { closeOverdueLeases } from "./release.ts";
import type { ReceivedOperation } from "./settle.ts";

let server: TestServer;
/** Has the leases. */
let holder: BareNode;
let other: BareNode;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
});

beforeEach(async () => {
  [holder, other] = [await enrol(), await enrol()];
});

afterEach(mend);

afterAll(async () => {
  const { pool } = server.client;
  for (const { submitted, open, ended } of await countOperations(pool)) expect(open + ended).toBe(submitted);
  const accounts = await trialBalance(pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("a redemption under an open lease at which the server failed", () => {
  test("4.7: is applied once that is mended, and then the claim that waited for the lease has its verdict too", async () => {
    const [voucher] = await leased(1);
    const redemption = await quarantined(voucher);
    const waiting = await claimedElsewhere(voucher);
    expect(await told(other, waiting)).toMatchObject({ status: "held", reason: "leased-to-another-node" });
    const retried = await retryQuarantined(server.context, store(), heldOf(holder, redemption.hash), "Amina");
    expect(retried).toMatchObject({ row: { state: "applied" } });
    expect(await told(other, waiting)).toMatchObject({ status: "rejected", reason: "already-consumed" });
  });

  test("4.1: keeps its lease open past the end and the grace, and no other lease", async () => {
    const [stuck, plain] = await leased(2);
    const redemption = await quarantined(stuck);
    const waiting = await claimedElsewhere(stuck);
    await failAt(stuck);
    await ageLeases(server.client.pool, [BigInt(stuck.serialNumber)], 30);
    await ageLeases(server.client.pool, [BigInt(plain.serialNumber)], 20);
    await closeOverdueLeases(server.context, store(), 0);
    expect(await states(stuck, plain)).toEqual(["leased", "activated"]);
    expect(await told(other, waiting)).toMatchObject({ status: "held" });
    await mend();
    await decided(holder, redemption, "apply");
    expect(await told(holder, redemption)).toMatchObject({ status: "applied" });
    expect(await told(other, waiting)).toMatchObject({ status: "rejected" });
  });

  test("4.1: goes before the release that followed it, which is applied once people have rejected it", async () => {
    const [voucher] = await leased(1);
    const redemption = await quarantined(voucher);
    const release = holder.release(voucher.serialNumber);
    const { verdicts } = await holder.upload([release]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "held", reason: "earlier-operation-held" }]);
    await decided(holder, redemption, "reject");
    expect(await told(holder, release)).toMatchObject({ status: "applied" });
    expect(await states(voucher)).toEqual(["activated"]);
  });
});

test("3: a claim that is quarantined at another node keeps the holder's release from nothing", async () => {
  const [voucher] = await leased(1);
  await server.client.pool.query(
    "alter table leases add constraint a_bug check (recalled_at is null) not valid",
  );
  const claim = await claimedElsewhere(voucher);
  await server.client.pool.query("alter table leases drop constraint a_bug");
  expect(await told(other, claim)).toMatchObject({ status: "held", reason: "quarantined" });
  await failAt(voucher);
  const { verdicts } = await holder.upload([holder.release(voucher.serialNumber)]);
  await mend();
  expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
  expect(await states(voucher)).toEqual(["activated"]);
  const retried = await retryQuarantined(server.context, store(), heldOf(other, claim.hash), "Amina");
  expect(retried).toMatchObject({ row: { state: "applied" } });
});

test("4.1: a release that is quarantined is applied by people, once, and what waited for the lease is settled", async () => {
  const [voucher] = await leased(1);
  const waiting = await claimedElsewhere(voucher);
  await failAt(voucher);
  const release = holder.release(voucher.serialNumber);
  await holder.upload([release]);
  await mend();
  expect(await told(holder, release)).toMatchObject({ status: "held", reason: "quarantined" });
  await decided(holder, release, "apply");
  expect(await told(holder, release)).toMatchObject({ status: "applied" });
  expect(await told(other, waiting)).toMatchObject({ status: "applied" });
});

test("4.1: people do not apply a release before an operation of the same node that names the voucher", async () => {
  const [voucher] = await leased(1);
  const redemption = await quarantined(voucher);
  const release = holder.release(voucher.serialNumber);
  await holder.upload([release]);
  await proposed(holder, release, "apply");
  const decision = await decideHeld(server.context, store(), heldOf(holder, release.hash), "Ben");
  expect(decision).toMatchObject({ code: "earlier-operation-held" });
  await decided(holder, redemption, "apply");
  expect(await told(holder, release)).toMatchObject({ status: "applied" });
  expect(await states(voucher)).toEqual(["redeeming"]);
});

test("3: one that is read later only is a claim on its voucher from then on, and is settled when its lease closes", async () => {
  const [voucher] = await leased(1);
  const claim = claimOf(other, voucher);
  // As a version of the server that has no word for its body keeps it.
  const evidence = { verdicts: new Map(), leases: [] };
  await settleAll(
    { store: store(), context: server.context },
    other.identity.nodeId,
    [unread(claim)],
    evidence,
  );
  expect(await told(other, claim)).toMatchObject({ status: "held", reason: "quarantined" });
  const retried = await retryQuarantined(server.context, store(), heldOf(other, claim.hash), "Amina");
  expect(retried).toMatchObject({ row: { state: "held", reason: "leased-to-another-node" } });
  await holder.upload([holder.release(voucher.serialNumber)]);
  expect(await told(other, claim)).toMatchObject({ status: "applied" });
});

/** Its holder's redemption, at which the server fails as at a bug; that is mended when this returns. */
async function quarantined(voucher: IssuedVoucher): Promise<SignedOperation> {
  const redemption = holder.redeem(voucher);
  await failAt(voucher);
  const { verdicts } = await holder.upload([redemption]);
  await mend();
  expect(verdicts?.verdicts).toMatchObject([{ status: "held", reason: "quarantined" }]);
  return redemption;
}

/** What is stored of it by a server that cannot read it. */
function unread({ signed, sealed, hash }: SignedOperation): ReceivedOperation {
  const parsed = parseDocument(signed);
  const envelope = parsed.ok ? decodeEnvelope(parsed.payload) : undefined;
  if (!envelope?.ok) throw new Error("an operation has an envelope");
  return { envelope: envelope.value, operation: undefined, hash, signed, sealed };
}

async function claimedElsewhere(voucher: IssuedVoucher): Promise<SignedOperation> {
  const claim = claimOf(other, voucher);
  await other.upload([claim]);
  return claim;
}

function claimOf(node: BareNode, voucher: IssuedVoucher): SignedOperation {
  // Its contact is told to be of later, so that no pace of these tests makes it too late.
  return node.redeem(voucher, { mode: "online", epoch: null, lastServerTimeMs: Date.now() + 3_600_000 });
}

async function proposed(node: BareNode, { hash }: SignedOperation, verdict: HeldVerdict) {
  const wish = { verdict, because: "seen", by: "Amina" };
  expect(await proposeDecision(store(), heldOf(node, hash), wish)).toMatchObject({ ok: true });
}

async function decided(node: BareNode, operation: SignedOperation, verdict: HeldVerdict): Promise<void> {
  await proposed(node, operation, verdict);
  const decision = await decideHeld(server.context, store(), heldOf(node, operation.hash), "Ben");
  expect(decision).toMatchObject({ ok: true });
}

/** What its node is told of it when it asks again. */
async function told(node: BareNode, operation: SignedOperation) {
  const { verdicts } = await node.upload([operation]);
  return verdicts?.verdicts[0];
}

async function states(...vouchers: readonly IssuedVoucher[]) {
  const { rows } = await server.client.pool.query<{ state: string }>(
    "select state from vouchers where serial = any($1) order by serial",
    [vouchers.map(({ serialNumber }) => BigInt(serialNumber))],
  );
  return rows.map(({ state }) => state);
}

/** A bug, as far as the server can tell: a rule of the database that its code does not know of. */
async function failAt({ serialNumber }: IssuedVoucher): Promise<void> {
  const rule = `check (voucher_serial <> ${BigInt(serialNumber)})`;
  await server.client.pool.query(`alter table claims add constraint a_bug ${rule}`);
}

async function mend(): Promise<void> {
  await server.client.pool.query("alter table claims drop constraint if exists a_bug");
}

function heldOf({ identity }: BareNode, hash: Uint8Array) {
  return { nodeId: identity.nodeId, hash };
}

function store() {
  return testStore(server.client.pool);
}

async function leased<const Count extends 1 | 2>(count: Count): Promise<Vouchers<Count>> {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: holder.identity.nodeId });
  return vouchers as unknown as Vouchers<Count>;
}

type Vouchers<Count> = Count extends 1 ? [IssuedVoucher] : [IssuedVoucher, IssuedVoucher];

async function enrol(): Promise<BareNode> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId: "shop-1", nodeName: "till", validHours: 1 };
  return BareNode.enrol(server.url, await issueEnrolmentCode(store(), random, wish));
}
