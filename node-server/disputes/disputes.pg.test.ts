/** Disputes: opened by the rejection of a redemption whose goods were given, and decided by people. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decodeBundle, encodeBundle } from "#sync/documents/bundle.ts";
import { verifyFile } from "#sync/verify.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup, fundGuarantee } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { closeOverdueLeases } from "../operations/release.ts";
import { listDisputes } from "../postgres/dispute-admin.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { evidenceOf } from "./evidence.ts";
import { appeal, decide, proposeVerdict, withdrawVerdict } from "./disputes.ts";
import type { DisputeName } from "./disputes.ts";

let server: TestServer;
let node: BareNode;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  for (const id of ["shop-1", "shop-2"]) await putMerchant(pool, { id, name: id, accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
});

beforeEach(async () => {
  node = await enrol("shop-1");
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("4.5: after a lease closed its operations are ordinary claims", () => {
  test("4.5: where the voucher is gone they are rejected as lease-closed, with a dispute that is guaranteed in full", async () => {
    const { operation, verdict } = await lostUnderLease();
    expect(verdict).toMatchObject({ status: "rejected", reason: "lease-closed", guaranteedMinor: 700n });
    expect(await listed(operation)).toMatchObject({
      merchantId: "shop-1",
      state: "open",
      amountMinor: 700n,
      guaranteedMinor: 700n,
      reason: "lease-closed",
    });
  });

  test("4.5: where it is still free they are applied, and there is nothing to dispute", async () => {
    const { operation, voucher } = await redeemedOffline();
    await closeLease(voucher);
    const { verdicts } = await node.upload([operation]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
    expect(await listed(operation)).toBeUndefined();
  });
});

describe("4.5: disputes are decided by a person, guaranteed from a guarantee account and never from a voucher's funding", () => {
  test("4.5: one proposes, another decides, and the merchant is paid once", async () => {
    const name = nameOf((await lostUnderLease()).operation);
    await fundForTest(
      server.client.pool,
      fundGuarantee(crypto.randomUUID(), "FOO", { amountMinor: 700n, currency: "USD" }),
    );
    const before = await balances();
    await propose(name, "pay", "Amina");
    expect(await decide(store(), name, "Amina")).toMatchObject({ code: "same-person" });
    const outcomes = await Promise.all([decide(store(), name, "Ben"), decide(store(), name, "Carl")]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const after = await balances();
    expect((after.get("merchant:shop-1:USD") ?? 0n) - (before.get("merchant:shop-1:USD") ?? 0n)).toBe(700n);
    expect((before.get("guarantee:FOO:USD") ?? 0n) - (after.get("guarantee:FOO:USD") ?? 0n)).toBe(700n);
    for (const account of ["funding:FOO:USD", "reserved:FOO:USD"])
      expect(after.get(account)).toBe(before.get(account));
    expect(await decide(store(), name, "Dora")).toMatchObject({ code: "not-possible" });
  });

  test("4.5: the guarantee account cannot be overdrawn", async () => {
    const name = nameOf((await lostUnderLease()).operation);
    await propose(name, "pay", "Amina");
    expect(await decide(store(), name, "Ben")).toMatchObject({ code: "guarantee-short" });
    expect(await decide(store(), name, "Ben")).toMatchObject({ code: "guarantee-short" });
  });

  test("4.5: a refusal is appealed once, and decided by somebody who has not decided it before", async () => {
    const { operation } = await lostUnderLease();
    const name = nameOf(operation);
    await propose(name, "refuse", "Amina");
    expect(await decide(store(), name, "Ben")).toMatchObject({ row: { state: "refused" } });
    expect(await appeal(store(), name, "the goods were handed over in time", "operator:Dora")).toMatchObject({
      ok: true,
    });
    await propose(name, "refuse", "Amina");
    expect(await decide(store(), name, "Ben")).toMatchObject({ code: "decided-before" });
    expect(await decide(store(), name, "Carl")).toMatchObject({ row: { state: "refusedFinally" } });
    expect(await appeal(store(), name, "again", "operator:Dora")).toMatchObject({ code: "not-possible" });
    expect(await listed(operation)).toMatchObject({ state: "refusedFinally" });
  });

  test("a proposal is withdrawn and made anew; one that is written off has ended", async () => {
    const name = nameOf((await lostUnderLease()).operation);
    expect(await decide(store(), name, "Ben")).toMatchObject({ code: "not-possible" });
    await propose(name, "refuse", "Amina");
    expect(await withdrawVerdict(store(), name, "Amina")).toMatchObject({ row: { state: "open" } });
    await propose(name, "write-off", "Ben");
    expect(await decide(store(), name, "Amina")).toMatchObject({ row: { state: "writtenOff" } });
    expect(await propose(name, "pay", "Ben")).toMatchObject({ code: "not-possible" });
  });

  test("the database too holds that they are two", async () => {
    const name = nameOf((await lostUnderLease()).operation);
    await propose(name, "refuse", "Amina");
    const alone = server.client.pool.query(
      "update disputes set state = 'refused', decided_by = proposed_by where hash = $1",
      [Buffer.from(name.hash)],
    );
    await expect(alone).rejects.toMatchObject({ constraint: "dispute_decided_by_two" });
  });

  test("every step is in the audit trail, with who took it", async () => {
    const name = nameOf((await lostUnderLease()).operation);
    await propose(name, "refuse", "Amina");
    await decide(store(), name, "Ben");
    const { rows } = await server.client.pool.query(
      "select actor, action from audit_entries where subject = $1 order by id",
      [`dispute:${Buffer.from(name.hash).toString("hex")}`],
    );
    expect(rows).toEqual([
      { actor: "operator:Amina", action: "dispute.propose" },
      { actor: "operator:Ben", action: "dispute.decide" },
    ]);
  });
});

describe("4.5: the loser's signed rejection holds the winner's operation hash", () => {
  test("4.5: the evidence holds both signed operations, and is checked without a server", async () => {
    const { voucher, operation } = await redeemedOffline();
    await closeLease(voucher);
    const other = await enrol("shop-2");
    const first = other.redeem(voucher, { mode: "online", epoch: null });
    expect((await other.upload([first])).verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
    await node.upload([operation]);
    const file = await evidence(operation);
    const checked = await verifyFile(file, node.identity.keySet);
    expect(checked).toMatchObject({
      ok: true,
      checked: {
        kind: "evidence",
        certificate: { merchantId: "shop-1" },
        verdict: { status: "rejected", reason: "lease-closed", evidence: first.hash },
        winner: { certificate: { merchantId: "shop-2" }, operationHash: first.hash },
      },
    });
    const bundle = decodeBundle(file);
    if (!bundle.ok || bundle.value.type !== "evidence") throw new Error("no evidence");
    const hidden = encodeBundle({ ...bundle.value, winner: null });
    expect(await verifyFile(hidden, node.identity.keySet)).toMatchObject({
      problem: { code: "does-not-fit" },
    });
  });

  test("where no till had won, it says so", async () => {
    const { operation } = await lostUnderLease();
    expect(await verifyFile(await evidence(operation), node.identity.keySet)).toMatchObject({
      checked: { kind: "evidence", winner: null },
    });
  });
});

async function evidence(operation: SignedOperation): Promise<Uint8Array> {
  const { keySet } = (await (await fetch(`${server.url}/v1/keys`)).json()) as { keySet: string };
  const document = new Uint8Array(Buffer.from(keySet, "base64"));
  const parts = { store: store(), context: server.context, keySet: { document } };
  const file = await evidenceOf(parts, nameOf(operation));
  if (!file) throw new Error("there is no dispute");
  return file;
}

async function redeemedOffline() {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  await server.institution.activate([voucher.serialNumber], { leaseTo: node.identity.nodeId });
  return { voucher, operation: node.redeem(voucher) };
}

/** The lease closes while the till is away, the voucher is redeemed elsewhere, and then the till's redemption arrives. */
async function lostUnderLease() {
  const { voucher, operation } = await redeemedOffline();
  await closeLease(voucher);
  const elsewhere = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
  expect(elsewhere.body).toMatchObject({ status: 1 });
  const { verdicts } = await node.upload([operation]);
  return { operation, verdict: verdicts?.verdicts[0] };
}

async function closeLease({ serialNumber }: IssuedVoucher): Promise<void> {
  await ageLeases(server.client.pool, [BigInt(serialNumber)], 20);
  await closeOverdueLeases(server.context, store(), 0);
}

async function enrol(merchantId: string): Promise<BareNode> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId, nodeName: "till", validHours: 1 };
  return BareNode.enrol(server.url, await issueEnrolmentCode(store(), random, wish));
}

function propose(name: DisputeName, verdict: "pay" | "refuse" | "write-off", by: string) {
  return proposeVerdict(store(), name, { verdict, because: "looked into it", by });
}

function nameOf({ hash }: SignedOperation): DisputeName {
  return { nodeId: node.identity.nodeId, hash };
}

async function listed({ hash }: SignedOperation) {
  const wanted = { hash: Buffer.from(hash).toString("hex"), all: true };
  return (await listDisputes(server.client.pool, wanted))[0];
}

async function balances(): Promise<ReadonlyMap<string, bigint>> {
  const accounts = await trialBalance(server.client.pool);
  return new Map(accounts.map(({ id, amountMinor }) => [id, amountMinor]));
}

function store() {
  return testStore(server.client.pool);
}
