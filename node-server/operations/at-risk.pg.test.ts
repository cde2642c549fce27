/**
 * Vouchers of at-risk groups, redeemed by nodes that keep to their policy and by nodes that do not (design section 4.2,
 * 4.5): the server judges by the policy and by what it told the node itself.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Operation } from "#sync/documents/operation.ts";
import type { Policy } from "#sync/documents/policy.ts";
import { uuidv7 } from "#sync/ids.ts";
import { readSerialSet } from "#sync/serial-set.ts";
import { createSigner } from "#sync/signing/signers.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { testStore } from "../../test/support/funding.ts";
import { fundForTest } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { issuePolicy } from "../nodes/policies.ts";
import type { PolicyWish } from "../nodes/policies.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { expireVouchers } from "../vouchers/expire.ts";
import { shortenDenyList } from "../vouchers/deny-list.ts";

const hourMs = 3_600_000;
const wish: PolicyWish = {
  expiresAtMs: Date.now() + 1000 * hourMs,
  atRisk: { redemptions: 3, hours: 72, denyListHours: 24, lateSettlementHours: 48 },
  unanchoredHours: 0,
  clockErrorMs: 60_000,
  currencies: [
    {
      currency: "USD",
      voucherMinor: 2000n,
      operationMinor: 2000n,
      sumMinor: 3000n,
      guaranteedMinor: 500n,
      unanchoredMinor: 0n,
    },
  ],
  cashOut: null,
};

let server: TestServer;
let node: BareNode;
let other: BareNode;
let policy: Policy;
let toldMs: number;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "RSK", name: "At risk", validityDays: 30, atRisk: true });
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["RSK", "FOO"] });
  await putMerchant(pool, { id: "shop-2", name: "Shop 2", accepts: ["RSK"] });
  for (const code of ["RSK", "FOO"]) {
    await fundForTest(pool, fundGroup(code, code, { amountMinor: 10_000_000n, currency: "USD" }));
  }
  policy = await issue(wish);
});

beforeEach(async () => {
  node = await enrol("shop-1");
  other = await enrol("shop-2");
  toldMs = await contact(node);
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("4.2: a redemption at risk", () => {
  test("within the policy's limits is applied: the voucher is consumed and the merchant paid", async () => {
    const voucher = await atRisk();
    const paid = await balanceOf("merchant:shop-1:USD");
    expect(await sent(node, [take(voucher)])).toMatchObject([{ status: "applied", evidence: null }]);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    expect(await balanceOf("merchant:shop-1:USD")).toBe(paid + 700n);
  });

  test("4.2: lease-only or at-risk, never both: of a lease-only group is rejected, and an at-risk group is never leased", async () => {
    const [leaseOnly] = await server.institution.createVouchers("FOO", [7]);
    if (!leaseOnly) throw new Error("no voucher was made");
    await server.institution.activate([leaseOnly.serialNumber]);
    expect(await sent(node, [take(leaseOnly)])).toMatchObject([{ reason: "at-risk-not-allowed" }]);
    const [voucher] = await server.institution.createVouchers("RSK", [7]);
    if (!voucher) throw new Error("no voucher was made");
    const { failedCases } = await server.institution.activate([voucher.serialNumber], {
      leaseTo: node.identity.nodeId,
    });
    expect(failedCases).toMatchObject([{ failureReason: "Vouchers Of An At-Risk Group Are Not Leased" }]);
  });

  test("a group stays what it was made as, whoever writes it", async () => {
    const change = server.client.pool.query("update voucher_groups set at_risk = true where code = 'FOO'");
    await expect(change).rejects.toMatchObject({ constraint: "voucher_group_risk_is_fixed" });
  });

  test.each<[string, Partial<Operation> | (() => Partial<Operation>), { deniedAsOfMs?: () => number }]>([
    ["policy-not-current", { policyVersion: 0 }, {}],
    ["policy-not-current", { policyVersion: 99 }, {}],
    ["contact-not-known", () => ({ lastServerTimeMs: toldMs + 1 }), {}],
    ["clock-not-trusted", { anchored: false }, {}],
    [
      "over-hours",
      () => ({ operationId: madeAt(toldMs + 72 * hourMs + 1) }),
      { deniedAsOfMs: () => toldMs + 71 * hourMs },
    ],
    ["policy-expired", () => ({ operationId: madeAt(wish.expiresAtMs) }), {}],
    [
      "deny-list-too-old",
      () => ({ operationId: madeAt(toldMs + 24 * hourMs + 1) }),
      { deniedAsOfMs: () => toldMs },
    ],
  ])("that ignores its limits is rejected as %s", async (reason, change, { deniedAsOfMs }) => {
    const voucher = await atRisk();
    const spoiled = typeof change === "function" ? change() : change;
    const operation = take(voucher, spoiled, deniedAsOfMs?.());
    expect(await sent(node, [operation])).toMatchObject([
      { status: "rejected", reason, guaranteedMinor: null },
    ]);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Activated");
  });

  test("of more than a voucher may be worth is rejected as over-amount", async () => {
    const voucher = await atRisk(20.01);
    expect(await sent(node, [take(voucher, {}, undefined, 2001n)])).toMatchObject([
      { reason: "over-amount" },
    ]);
  });

  test("in a currency that the policy does not list is rejected as currency-not-allowed", async () => {
    await issue({ ...wish, currencies: [] });
    toldMs = await contact(node, node.head.hash);
    const newest = policy.version + 1;
    expect(await sent(node, [take(await atRisk(), { policyVersion: newest })])).toMatchObject([
      { reason: "currency-not-allowed" },
    ]);
    policy = await issue(wish);
  });

  test("beyond the sum since the last sync is rejected, and counts anew after the next one", async () => {
    const vouchers = [await atRisk(15), await atRisk(15), await atRisk(0.01), await atRisk(15)] as const;
    const [first, second, third, fourth] = vouchers;
    const verdicts = await sent(node, [
      take(first, {}, undefined, 1500n),
      take(second, {}, undefined, 1500n),
      take(third, {}, undefined, 1n),
    ]);
    expect(verdicts.map(({ reason }) => reason)).toEqual([null, null, "over-sum"]);
    toldMs = lastToldMs;
    expect(await sent(node, [take(fourth, {}, undefined, 1500n)])).toMatchObject([{ status: "applied" }]);
  });

  test("beyond the count since the last sync is rejected, however the uploads are cut", async () => {
    const operations = [];
    for (let n = 0; n < 5; n++) operations.push(take(await atRisk(1), {}, undefined, 100n));
    const reasons = [];
    for (const operation of operations) {
      const [verdict] = await sent(node, [operation]);
      reasons.push(verdict?.reason);
    }
    expect(reasons).toEqual([null, null, null, "over-count", "over-count"]);
  });

  test("4.2: under a policy that was current at the last contact counts, although a newer one was issued", async () => {
    const voucher = await atRisk();
    const operation = take(voucher);
    policy = await issue(wish);
    expect(await sent(node, [operation])).toMatchObject([{ status: "applied" }]);
  });

  test("4.2: without any policy, or under one that allows nothing at risk, is rejected: limits fail closed", async () => {
    await issue({ ...wish, atRisk: null });
    toldMs = await contact(node, node.head.hash);
    const change = { policyVersion: policy.version + 1 };
    expect(await sent(node, [take(await atRisk(), change)])).toMatchObject([
      { reason: "at-risk-not-allowed" },
    ]);
    policy = await issue(wish);
  });
});

describe("4.5: of several redemptions at risk", () => {
  test("4.5: the first that the server commits wins; the loser's signed rejection holds its hash and the floor", async () => {
    const voucher = await atRisk();
    const winner = take(voucher);
    const loser = other.redeem(voucher, {
      mode: "at-risk",
      epoch: null,
      lastServerTimeMs: await contact(other),
      change: { policyVersion: policy.version },
      deniedAsOfMs: toldMs,
    });
    await sent(node, [winner]);
    const [verdict] = await sent(other, [loser]);
    expect(verdict).toMatchObject({ status: "rejected", reason: "already-consumed", guaranteedMinor: 500n });
    expect(verdict?.evidence).toEqual(winner.hash);
  });

  test("4.5: one of a voucher that was on the deny list it names is guaranteed nothing", async () => {
    const voucher = await atRisk();
    await server.institution.cancel([voucher.serialNumber]);
    const honest = take(voucher, {}, Date.now());
    const ignoring = take(voucher, {}, Date.now() + 61_000);
    expect(await sent(node, [honest, ignoring])).toMatchObject([
      { reason: "already-cancelled", guaranteedMinor: 500n },
      { reason: "already-cancelled", guaranteedMinor: null },
    ]);
  });

  test("4.2: one that comes within the late-settlement window after the expiry is applied, and none later", async () => {
    const [early, late] = [await atRisk(), await atRisk()] as const;
    await expire(early, 47);
    await expire(late, 49);
    const store = testStore(server.client.pool);
    const due = await store.transaction(async (tx) => tx.vouchers.due(await tx.now(), 1000));
    expect(due).not.toContain(BigInt(early.serialNumber));
    expect(due).toContain(BigInt(late.serialNumber));
    await expireVouchers(store);
    expect(await stateOf(early)).toMatchObject({ state: "activated", reserved_minor: 700n });
    expect(await stateOf(late)).toMatchObject({ state: "expired", reserved_minor: 0n });
    const suspended = await server.institution.command("suspend", [{ serialNumber: early.serialNumber }]);
    expect(suspended.failedCases).toMatchObject([{ failureReason: "Expired" }]);
    expect(await sent(node, [take(early), take(late)])).toMatchObject([
      { status: "applied" },
      { status: "rejected", reason: "expired", guaranteedMinor: null },
    ]);
  });
});

describe("4.2: the deny list", () => {
  test("holds what is anything but activated, with the commit that made it so, until a day after its expiry", async () => {
    const [suspended, cancelled, consumed, good] = [
      await atRisk(),
      await atRisk(),
      await atRisk(),
      await atRisk(),
    ];
    expect(await denied()).not.toContain(BigInt(good.serialNumber));
    await server.institution.command("suspend", [{ serialNumber: suspended.serialNumber }]);
    await server.institution.cancel([cancelled.serialNumber]);
    await sent(node, [take(consumed)]);
    const listed = await denied();
    for (const voucher of [suspended, cancelled, consumed])
      expect(listed).toContain(BigInt(voucher.serialNumber));
    expect(listed).not.toContain(BigInt(good.serialNumber));
    await server.institution.command("unsuspend", [{ serialNumber: suspended.serialNumber }]);
    expect(await denied()).not.toContain(BigInt(suspended.serialNumber));
    await expire(cancelled, 25);
    await shortenDenyList(testStore(server.client.pool));
    expect(await denied()).not.toContain(BigInt(cancelled.serialNumber));
    expect(await denied()).toContain(BigInt(consumed.serialNumber));
  });

  test("misses none of many vouchers that end at once", async () => {
    const vouchers = await server.institution.createVouchers(
      "RSK",
      Array.from({ length: 40 }, () => 1),
    );
    await server.institution.activate(vouchers.map(({ serialNumber }) => serialNumber));
    const halves = [vouchers.slice(0, 20), vouchers.slice(20)];
    await Promise.all(halves.map((half) => server.institution.cancel(half.map((each) => each.serialNumber))));
    const listed = await denied();
    for (const { serialNumber } of vouchers) expect(listed).toContain(BigInt(serialNumber));
  });

  test("is read by every node as the same shape, and never holds a lease-only voucher", async () => {
    await contact(other);
    const answers = await Promise.all([node, other].map((each) => readShape(each, "denied")));
    expect(answers[0]?.length).toBeGreaterThan(0);
    expect(answers[0]).toEqual(answers[1]);
    expect(Object.keys(answers[0]?.[0] ?? {}).toSorted()).toEqual(["chunk", "node_id", "serials"]);
  });
});

describe("4.6: a node's clock", () => {
  test("is measured at each contact and shown, and an alert is open while it is off by more than allowed", async () => {
    await contact(other);
    other.wallMs = () => Date.now() + 10 * 60_000;
    await contact(other);
    expect(await offsetOf(other)).toBeGreaterThan(590_000);
    expect(await clockAlerts(other)).toBe(1n);
    other.wallMs = () => Date.now();
    await contact(other);
    expect(Math.abs(await offsetOf(other))).toBeLessThan(60_000);
    expect(await clockAlerts(other)).toBe(0n);
  });
});

test("a policy is told to every node, is never edited, and its issuing is on the audit trail", async () => {
  const rows = await readShape(node, "trust");
  const told = rows.find((row) => row["kind"] === "policy");
  expect(told).toMatchObject({ version: String(policy.version) });
  expect(rows.find((row) => row["kind"] === "accepts")).toMatchObject({ document: "FOO,RSK" });
  const { pool } = server.client;
  await expect(pool.query("update policies set issued_by = 'Eve'")).rejects.toMatchObject({
    constraint: "policies_append_only",
  });
  const { rows: audit } = await pool.query("select actor, after from audit_entries where subject = $1", [
    `policy:${policy.version}`,
  ]);
  expect(audit).toMatchObject([{ actor: "operator:Ann", after: { currencies: [{ sumMinor: "3000" }] } }]);
});

async function issue(wanted: PolicyWish): Promise<Policy> {
  const signer = await createSigner("policy", new Uint8Array(32).fill(3));
  return issuePolicy(testStore(server.client.pool), signer, wanted, "Ann");
}

async function enrol(merchantId: string): Promise<BareNode> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const code = { merchantId, nodeName: "till", validHours: 1 };
  return BareNode.enrol(server.url, await issueEnrolmentCode(testStore(server.client.pool), random, code));
}

/** An upload of nothing: gives the time that the node was told. */
async function contact(of: BareNode, hash = of.head.hash): Promise<number> {
  const { verdicts } = await of.upload([], { sequence: of.head.sequence, hash });
  if (!verdicts) throw new Error("no answer");
  return verdicts.serverTimeMs;
}

let lastToldMs = 0;

async function sent(from: BareNode, operations: Parameters<BareNode["upload"]>[0]) {
  const { verdicts } = await from.upload(operations);
  if (!verdicts) throw new Error("the upload was refused");
  lastToldMs = verdicts.serverTimeMs;
  return verdicts.verdicts;
}

function take(
  voucher: IssuedVoucher,
  change: Partial<Operation> = {},
  deniedAsOfMs = Date.now(),
  amountMinor = 700n,
) {
  return node.redeem(voucher, {
    mode: "at-risk",
    epoch: null,
    amountMinor,
    deniedAsOfMs,
    lastServerTimeMs: toldMs,
    change: { policyVersion: policy.version, lastServerTimeMs: toldMs, ...change },
  });
}

async function atRisk(amount = 7): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers("RSK", [amount]);
  if (!voucher) throw new Error("no voucher was made");
  const { failedCases } = await server.institution.activate([voucher.serialNumber]);
  expect(failedCases).toEqual([]);
  return voucher;
}

function madeAt(ms: number): string {
  return uuidv7(ms, (length) => crypto.getRandomValues(new Uint8Array(length)));
}

async function expire({ serialNumber }: IssuedVoucher, hoursAgo: number): Promise<void> {
  await server.client.pool.query(
    "update vouchers set expires_at = clock_timestamp() - make_interval(hours => $2) where serial = $1",
    [BigInt(serialNumber), hoursAgo],
  );
}

async function stateOf({ serialNumber }: IssuedVoucher): Promise<unknown> {
  const { rows } = await server.client.pool.query(
    "select state, reserved_minor from vouchers where serial = $1",
    [BigInt(serialNumber)],
  );
  return rows[0];
}

async function denied(): Promise<bigint[]> {
  const { rows } = await server.client.pool.query<{ serials: string }>("select serials from shape_denied");
  return rows.flatMap(({ serials }) => {
    const read = readSerialSet(new Uint8Array(Buffer.from(serials, "base64")));
    if (!read) throw new Error("the list cannot be read");
    return read;
  });
}

async function readShape(as: BareNode, shape: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${server.url}/v1/shapes/${shape}?offset=-1`, {
    headers: { authorization: as.authorization },
  });
  const messages = (await response.json()) as { value?: Record<string, unknown> }[];
  return messages.flatMap(({ value }) => (value ? [value] : []));
}

async function balanceOf(id: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find((account) => account.id === id)?.amountMinor ?? 0n;
}

async function offsetOf(of: BareNode): Promise<number> {
  const { rows } = await server.client.pool.query<{ clock_offset_ms: bigint }>(
    "select clock_offset_ms from nodes where id = $1",
    [of.identity.nodeId],
  );
  return Number(rows[0]?.clock_offset_ms);
}

async function clockAlerts(of: BareNode): Promise<bigint> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(
    "select count(*) from alerts where kind = 'node-clock' and subject = $1 and ended_at is null",
    [`node:${of.identity.nodeId}`],
  );
  return rows[0]?.count ?? -1n;
}
