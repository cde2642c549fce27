/** The life of a lease on the server (design section 4.1), over its real API and database. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decodeLease } from "#sync/documents/lease.ts";
import { openingFor, sealNumber } from "#sync/documents/voucher-number.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { closeOverdueLeases } from "../operations/release.ts";
import { setMostLeases } from "../postgres/lease-admin.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { expireVouchers } from "./expire.ts";
import { recallByOperator } from "./leases.ts";

const dayMs = 86_400_000;
let server: TestServer;
let first: BareNode;
let second: BareNode;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putVoucherGroup(pool, { code: "KIT", name: "School kits", validityDays: 30 });
  await putVoucherGroup(pool, { code: "RSK", name: "At risk", validityDays: 30, atRisk: true });
  const contact = { area: "Kisumu", phone: "+254 700 000 001" };
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO", "RSK"], ...contact });
  await putMerchant(pool, { id: "shop-2", name: "Shop 2", accepts: ["FOO"] });
  await putMerchant(pool, { id: "shop-3", name: "Shop 3", accepts: ["FOO"] });
  for (const code of ["FOO", "KIT", "RSK"])
    await fundForTest(pool, fundGroup(`t-${code}`, code, { amountMinor: 10_000_000n, currency: "USD" }));
});

beforeEach(async () => {
  first = await enrol("shop-1");
  second = await enrol("shop-2");
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("4.1: a lease is granted on activation", () => {
  test("4.1: the server signs voucher, node, epoch and not-after, which is never after the voucher's expiry", async () => {
    const voucher = await leased(first);
    const [row] = await leasesOf(voucher);
    const parsed = parseDocument(row?.document ?? new Uint8Array());
    const lease = parsed.ok ? decodeLease(parsed.payload) : undefined;
    expect(lease).toMatchObject({
      ok: true,
      value: {
        serial: serialOf(voucher),
        nodeId: first.identity.nodeId,
        epoch: { generation: 1, n: 1 },
        notAfterMs: row?.not_after.getTime(),
      },
    });
    const tooLong = new Date(Date.now() + 31 * dayMs).toISOString();
    expect(await activationFailure(await fresh(), { leaseTo: "shop-1", leaseUntil: tooLong })).toBe(
      "The Lease Would Outlast The Voucher",
    );
  });

  test("4.1: `leaseTo` names a merchant, which binds it at once to exactly one of its nodes; the others see at which till", async () => {
    const [one, other] = [await enrol("shop-3", "till 1"), await enrol("shop-3", "till 2")];
    const voucher = await fresh();
    const { failedCases } = await server.institution.activate([voucher.serialNumber], { leaseTo: "shop-3" });
    expect(failedCases).toEqual([]);
    const [row] = await leasesOf(voucher);
    expect(row?.node_id).toBe(one.identity.nodeId);
    expect(await elsewhereOf(other)).toEqual([{ serial: serialOf(voucher), till: "till 1" }]);
    expect(await elsewhereOf(one)).toEqual([]);
    await one.upload([one.release(voucher.serialNumber)]);
    expect(await elsewhereOf(other)).toEqual([]);
  });

  test("4.1: it is refused with its reason: unknown, revoked, frozen, no active node, group not accepted, too many held", async () => {
    const refusedFor = async (leaseTo: string, group = "FOO") =>
      activationFailure(await fresh(group), { leaseTo });
    expect(await refusedFor("nobody")).toBe("No Such Node Or Merchant To Lease To");
    expect(await refusedFor("00000000-0000-4000-8000-000000000000")).toBe(
      "No Such Node Or Merchant To Lease To",
    );
    const revoked = await enrol("shop-1");
    await revokeNode(testStore(server.client.pool), revoked.identity.nodeId);
    expect(await refusedFor(revoked.identity.nodeId)).toBe("The Node To Lease To Is Revoked");
    const frozen = await enrol("shop-1");
    await testStore(server.client.pool).transaction((tx) =>
      tx.nodes.setStatus(frozen.identity.nodeId, "frozen"),
    );
    expect(await refusedFor(frozen.identity.nodeId)).toBe("The Node To Lease To Is Frozen");
    await putMerchant(server.client.pool, { id: "shop-4", name: "Shop 4", accepts: ["FOO"] });
    const last = await enrol("shop-4");
    await revokeNode(testStore(server.client.pool), last.identity.nodeId);
    expect(await refusedFor("shop-4")).toBe("The Merchant To Lease To Has No Active Node");
    expect(await refusedFor(first.identity.nodeId, "KIT")).toBe(
      "The Merchant To Lease To May Not Redeem This Voucher Group",
    );
    expect(await refusedFor(first.identity.nodeId, "RSK")).toBe(
      "Vouchers Of An At-Risk Group Are Not Leased",
    );
    await setMostLeases(server.client.pool, first.identity.nodeId, 1);
    await leased(first);
    expect(await refusedFor(first.identity.nodeId)).toBe(
      "The Node To Lease To Holds As Many Leases As It May",
    );
  });

  test("a refused lease leaves its voucher as it was, to be activated again", async () => {
    const voucher = await fresh();
    await activationFailure(voucher, { leaseTo: "nobody" });
    expect(await stateOf(voucher)).toBe("preActivated");
    expect(await activationFailure(voucher, {})).toBeUndefined();
  });
});

describe("4.1: a node asks by quantity", () => {
  test("4.1: only for undispensed vouchers that its own merchant will hand out", async () => {
    const [ours, theirs, nobodys] = [await fresh(), await fresh(), await fresh()];
    await activate(ours, { dispensedBy: "shop-1" });
    await activate(theirs, { dispensedBy: "shop-2" });
    await activate(nobodys, {});
    const answer = await ask(first, "", { group: "FOO", quantity: 5 });
    expect(answer).toMatchObject({ status: 200, body: { granted: 1, held: 1, because: "none-left" } });
    expect((await leasesOf(ours)).map((row) => row.node_id)).toEqual([first.identity.nodeId]);
    expect([await stateOf(theirs), await stateOf(nobodys)]).toEqual(["activated", "activated"]);
    expect(await activationFailure(await fresh(), { dispensedBy: "nobody" })).toBe(
      "No Such Merchant To Hand The Voucher Out",
    );
  });

  test("4.1: capped per node, and told how many it got and why not more", async () => {
    for (let i = 0; i < 3; i++) await activate(await fresh(), { dispensedBy: "shop-1" });
    await setMostLeases(server.client.pool, first.identity.nodeId, 2);
    const wish = { group: "FOO", quantity: 3 };
    expect((await ask(first, "", wish)).body).toEqual({
      granted: 2,
      held: 2,
      most: 2,
      because: "node-holds-too-many",
    });
    expect((await ask(first, "", wish)).body).toMatchObject({ granted: 0, because: "node-holds-too-many" });
    const other = await enrol("shop-1");
    expect((await ask(other, "", { group: "FOO", quantity: 1 })).body).toMatchObject({
      granted: 1,
      because: null,
    });
  });

  test.each([
    ["QQQ", "unknown-group"],
    ["KIT", "node-not-accepting"],
    ["RSK", "never-leased-at-risk"],
  ])("of %s it gets none: %s", async (group, because) => {
    expect((await ask(first, "", { group, quantity: 1 })).body).toMatchObject({ granted: 0, because });
  });

  test("two tills that ask at once get different vouchers, and all that there are", async () => {
    const vouchers = await server.institution.createVouchers("FOO", Array<number>(12).fill(7));
    for (const voucher of vouchers) await activate(voucher, { dispensedBy: "shop-2" });
    const neighbour = await enrol("shop-2");
    const wish = { group: "FOO", quantity: 6 };
    const answers = await Promise.all([ask(second, "", wish), ask(neighbour, "", wish)]);
    expect(answers.map(({ body }) => body["granted"])).toEqual([6, 6]);
  });

  test.each([{ group: "FOO" }, { group: "FOO", quantity: 0 }, { group: "FOO", quantity: 501 }, []])(
    "%j is refused as malformed",
    async (body) => expect((await ask(first, "", body)).status).toBe(400),
  );

  test("a node without a session, or one that is revoked, gets nothing", async () => {
    const stranger = await fetch(`${server.url}/v1/leases`, { method: "POST", body: "{}" });
    expect(stranger.status).toBe(401);
    await first.openSession();
    await revokeNode(testStore(server.client.pool), first.identity.nodeId);
    expect(await ask(first, "", { group: "FOO", quantity: 1 })).toMatchObject({
      status: 403,
      body: { code: "node-revoked" },
    });
  });
});

describe("a renewal", () => {
  test("4.1: goes on under the next epoch, with a not-after that is later and within the voucher's expiry", async () => {
    const voucher = await leased(first);
    await age(voucher, 10);
    expect(await renew(first, voucher)).toEqual({
      serial: serialOf(voucher).toString(),
      notAfter: expect.any(String),
    });
    const rows = await leasesOf(voucher);
    expect(rows.map((row) => [row.epoch_n, row.closed_by])).toEqual([
      [1, "renewed"],
      [2, null],
    ]);
    expect(rows[1]?.not_after.getTime()).toBeGreaterThan(Date.now() + 13 * dayMs);
    expect(await stateOf(voucher)).toBe("leased");
    await server.client.pool.query(
      `update vouchers set expires_at = clock_timestamp() + interval '5 days' where serial = $1`,
      [serialOf(await aged(voucher, 12))],
    );
    await renew(first, voucher);
    const last = (await leasesOf(voucher)).at(-1);
    expect(last?.not_after.getTime()).toBeLessThanOrEqual(Date.now() + 5 * dayMs);
  });

  test("4.5: what was done under the lease before it, and crossed with the renewal, still wins by lease", async () => {
    const voucher = await leased(first);
    const offline = first.redeem(voucher);
    await age(voucher, 10);
    await renew(first, voucher);
    const { verdicts } = await first.upload([offline]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
  });

  test("4.1: a release that names the lease before the renewal does not end the one that the node holds now", async () => {
    const voucher = await leased(first);
    await age(voucher, 10);
    await renew(first, voucher);
    const { verdicts } = await first.upload([
      first.release(voucher.serialNumber, 1),
      first.redeem(voucher, { epoch: { generation: 1, n: 2 } }),
    ]);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "rejected", reason: "not-leased" },
      { status: "applied" },
    ]);
  });

  test("is refused where it is not due, not the node's own, recalled, pending, or its end was the issuer's word", async () => {
    const voucher = await leased(first);
    expect(await renew(first, voucher)).toMatchObject({ refused: "not-due" });
    await age(voucher, 10);
    expect(await renew(second, voucher)).toMatchObject({ refused: "not-leased" });
    await recallByOperator(testStore(server.client.pool), serialOf(voucher), "ana");
    expect(await renew(first, voucher)).toMatchObject({ refused: "recalled" });
    await server.institution.command("suspend", [{ serialNumber: voucher.serialNumber }]);
    expect(await renew(first, voucher)).toMatchObject({ refused: "already-pending" });
    const named = await leased(first, new Date(Date.now() + dayMs));
    expect(await renew(first, named)).toMatchObject({ refused: "end-named-by-issuer" });
  });
});

describe("a lease closes once", () => {
  test("4.1: by a signed release, or by server time past not-after and grace; never earlier", async () => {
    const [released, kept, overdue] = [
      await leased(first),
      await leased(first, new Date(Date.now() - dayMs + 60_000)),
      await leased(first, new Date(Date.now() - dayMs - 1000)),
    ];
    await first.upload([first.release(released.serialNumber)]);
    await closeOverdueLeases(server.context, testStore(server.client.pool), dayMs);
    expect((await leasesOf(released))[0]?.closed_by).toBe("released");
    expect((await leasesOf(kept))[0]?.closed_by).toBeNull();
    expect((await leasesOf(overdue))[0]?.closed_by).toBe("expired");
    expect([await stateOf(released), await stateOf(kept), await stateOf(overdue)]).toEqual([
      "activated",
      "leased",
      "activated",
    ]);
  });

  test("4.1: a recall is a request: the lease stays open, and its holder still wins", async () => {
    const voucher = await leased(first);
    await recallByOperator(testStore(server.client.pool), serialOf(voucher), "ana");
    expect(await recalledShape(first)).toEqual([serialOf(voucher)]);
    expect(await stateOf(voucher)).toBe("leased");
    const { verdicts } = await first.upload([first.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
  });

  test("4.1: the next lease has the next epoch, and the earlier one opens nothing any more", async () => {
    const voucher = await leased(first);
    await first.upload([first.release(voucher.serialNumber)]);
    await leaseAgain(voucher, second);
    expect((await leasesOf(voucher)).map((row) => row.epoch_n)).toEqual([1, 2]);
    const { verdicts } = await first.upload([first.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "held", reason: "leased-to-another-node" }]);
    expect(await recalledShape(second)).toEqual([serialOf(voucher)]);
  });
});

describe("4.1: a leased voucher is refused everywhere else", () => {
  test("4.1: by the public API, which tells who holds it, when it is free, and asks for it back", async () => {
    const voucher = await leased(first);
    const [row] = await leasesOf(voucher);
    const until = new Date((row?.not_after.getTime() ?? 0) + dayMs).toISOString();
    const { body } = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(body).toMatchObject({
      status: 0,
      message: "LEASED_TO_A_NODE",
      detail: `Held by a shop in Kisumu, call +254 700 000 001; free by ${until.slice(0, 16)}Z`,
      leasedTo: { area: "Kisumu", phone: "+254 700 000 001", until },
    });
    expect(await recalledShape(first)).toEqual([serialOf(voucher)]);
    expect(await stateOf(voucher)).toBe("leased");
  });

  test("the text keeps to 100 characters whatever the registry holds", async () => {
    const contact = {
      area: "Llanfairpwllgwyngyllgogerychwyrndrobwll",
      phone: "+254 700 000 000 ext. 123456789",
    };
    await putMerchant(server.client.pool, {
      id: "shop-5",
      name: "Shop 5",
      accepts: ["FOO"],
      area: contact.area,
      phone: contact.phone.slice(0, 30),
    });
    const voucher = await leased(await enrol("shop-5"));
    const { body } = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(String(body["detail"]).length).toBeLessThanOrEqual(100);
    const unknown = await leased(second);
    const other = await server.institution.redeem(unknown.serialNumber, unknown.number, "shop-1");
    expect(other.body["detail"]).toMatch(/^Held by a shop; free by /);
  });

  test("a wrong number asks nobody for anything and tells nothing of the holder", async () => {
    const voucher = await leased(first);
    const { body } = await server.institution.redeem(voucher.serialNumber, "1234567890123452", "shop-2");
    expect(body).toMatchObject({ message: "WRONG_SECRET" });
    expect(body).not.toHaveProperty("leasedTo");
    expect(await recalledShape(first)).toEqual([]);
  });

  test("by redeemPay, whose callback tells the same", async () => {
    const voucher = await leased(first);
    const requestID = server.institution.nextRequestId();
    await server.institution.call("POST", "/vouchers?command=redeemPay", {
      requestID,
      voucherSerialNumber: voucher.serialNumber,
      agentID: "shop-2",
      voucherSecretNumber: voucher.number,
    });
    const { body } = await server.receiver.waitFor((callback) => callback.body["requestID"] === requestID);
    expect(body).toMatchObject({ message: "LEASED_TO_A_NODE", leasedTo: { area: "Kisumu" } });
  });

  test("by the 1.0 API, with the same in words", async () => {
    const voucher = await leased(first);
    const { status, body } = await server.institution.call("POST", "/vouchers/voucher_redemption", {
      voucher_number: voucher.number,
      merchant_name: "Shop 2",
      merchant_bank_details: "",
      Gov_Stack_BB: "welfare",
    });
    // Without bank details no merchant fits: see the table of 1.0.
    expect([status, JSON.stringify(body)]).toEqual([463, expect.stringContaining("merchant")]);
    await putMerchant(server.client.pool, {
      id: "shop-6",
      name: "Shop 6",
      accepts: ["FOO"],
      account: "ACC-6",
    });
    const held = await server.institution.call("POST", "/vouchers/voucher_redemption", {
      voucher_number: voucher.number,
      merchant_name: "Shop 6",
      merchant_bank_details: "ACC-6",
      Gov_Stack_BB: "welfare",
    });
    expect(held.status).toBe(461);
    expect(JSON.stringify(held.body)).toContain("a shop in Kisumu, call +254 700 000 001");
    expect(await recalledShape(first)).toEqual([serialOf(voucher)]);
  });

  test("by another node that asks while it is online, and knows the number", async () => {
    const voucher = await leased(first);
    expect(await askHolder(second, voucher, "1234567890123452")).toEqual({ holder: null });
    expect(await recalledShape(first)).toEqual([]);
    expect(await askHolder(second, voucher)).toEqual({
      holder: { area: "Kisumu", phone: "+254 700 000 001", till: null, freeAtMs: expect.any(Number) },
    });
    expect(await recalledShape(first)).toEqual([serialOf(voucher)]);
    const neighbour = await enrol("shop-1", "till 9");
    expect(await askHolder(neighbour, voucher)).toMatchObject({ holder: { till: "till 1" } });
    expect(await askHolder(first, voucher)).toEqual({ holder: null });
    expect(await askHolder(second, await activated())).toEqual({ holder: null });
  });

  test("while the beneficiary waits the holder gives it back, and the same redemption succeeds", async () => {
    const voucher = await leased(first);
    const requestId = server.institution.nextRequestId();
    const redeem = () => server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2", requestId);
    expect((await redeem()).body).toMatchObject({ status: 0, message: "LEASED_TO_A_NODE" });
    await first.upload([first.release(voucher.serialNumber)]);
    expect((await redeem()).body).toMatchObject({ status: 1, message: "REDEEMED" });
  });
});

describe("4.1: while a lease is open its funding stays reserved, and what would end the voucher is pending", () => {
  const commands = [
    ["cancel", "cancel", "cancelled", 0n],
    ["suspend", "suspend", "suspended", 700n],
    ["block", "block", "blocked", 700n],
    ["expire", "expire", "expired", 0n],
  ] as const;

  test.each(commands)(
    "4.1: %s: no new lease, recall sent, effective when the lease closes",
    async (command, pending, state, reserved) => {
      const voucher = await leased(first);
      await carryOut(command, voucher);
      expect(await rowOf(voucher)).toEqual({ state: "leased", pending, reserved_minor: 700n });
      expect(await recalledShape(first)).toEqual([serialOf(voucher)]);
      await age(voucher, 10);
      expect(await renew(first, voucher)).toMatchObject({ refused: "already-pending" });
      await first.upload([first.release(voucher.serialNumber)]);
      expect(await rowOf(voucher)).toEqual({ state, pending: null, reserved_minor: reserved });
    },
  );

  test.each(commands)("4.1: %s: unless a redemption arrived first", async (command) => {
    const voucher = await leased(first);
    const offline = first.redeem(voucher);
    await carryOut(command, voucher);
    const { verdicts } = await first.upload([offline]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
    expect(await rowOf(voucher)).toEqual({ state: "consumed", pending: null, reserved_minor: 0n });
  });

  test.each(commands)(
    "4.1: %s: effective when the lease runs out, with its grace",
    async (command, _pending, state, reserved) => {
      const voucher = await leased(first, new Date(Date.now() - 2 * dayMs));
      await carryOut(command, voucher);
      await closeOverdueLeases(server.context, testStore(server.client.pool), dayMs);
      expect(await rowOf(voucher)).toEqual({ state, pending: null, reserved_minor: reserved });
    },
  );
});

async function carryOut(command: "cancel" | "suspend" | "block" | "expire", voucher: IssuedVoucher) {
  const { pool } = server.client;
  if (command === "expire") {
    // Its last instant cannot lie before its lease's; both are moved into the past.
    await pool.query(
      `update vouchers set expires_at = (select not_after from leases where voucher_serial = $1) where serial = $1`,
      [serialOf(voucher)],
    );
    await age(voucher, 20);
    await pool.query(
      `update vouchers set expires_at = clock_timestamp() - interval '1 hour' where serial = $1`,
      [serialOf(voucher)],
    );
    await expireVouchers(testStore(pool));
    return;
  }
  const { failedCases } = await server.institution.command(command, [{ serialNumber: voucher.serialNumber }]);
  expect(failedCases).toEqual([]);
}

async function enrol(merchantId: string, nodeName = "till 1"): Promise<BareNode> {
  const store = testStore(server.client.pool);
  const code = await issueEnrolmentCode(store, webRandomBytes, { merchantId, nodeName, validHours: 1 });
  return BareNode.enrol(server.url, code);
}

async function fresh(group = "FOO"): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers(group, [7]);
  if (!voucher) throw new Error("no voucher was made");
  return voucher;
}

async function activated(): Promise<IssuedVoucher> {
  const voucher = await fresh();
  await activate(voucher, {});
  return voucher;
}

interface Terms {
  readonly leaseTo?: string;
  readonly leaseUntil?: string;
  readonly dispensedBy?: string;
}

async function activate(voucher: IssuedVoucher, terms: Terms): Promise<void> {
  expect(await activationFailure(voucher, terms)).toBeUndefined();
}

async function activationFailure({ serialNumber }: IssuedVoucher, terms: Terms): Promise<unknown> {
  const { failedCases } = await server.institution.command("activate", [{ serialNumber, ...terms }]);
  return (failedCases as readonly { failureReason: string }[])[0]?.failureReason;
}

async function leased(node: BareNode, until?: Date): Promise<IssuedVoucher> {
  const voucher = await fresh();
  const leaseTo = node.identity.nodeId;
  await activate(voucher, { leaseTo, ...(until && { leaseUntil: until.toISOString() }) });
  return voucher;
}

async function leaseAgain(voucher: IssuedVoucher, node: BareNode): Promise<void> {
  await server.client.pool.query(`update vouchers set dispensed_by = 'shop-2' where serial = $1`, [
    serialOf(voucher),
  ]);
  await server.client.pool.query(
    `update vouchers set dispensed_by = null where state = 'activated' and serial <> $1`,
    [serialOf(voucher)],
  );
  expect((await ask(node, "", { group: "FOO", quantity: 1 })).body).toMatchObject({ granted: 1 });
}

async function age(voucher: IssuedVoucher, days: number): Promise<void> {
  await ageLeases(server.client.pool, [serialOf(voucher)], days);
}

async function aged(voucher: IssuedVoucher, days: number): Promise<IssuedVoucher> {
  await age(voucher, days);
  return voucher;
}

async function ask(
  node: BareNode,
  path: string,
  body: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  if (node.authorization === "Bearer ") await node.openSession();
  const response = await fetch(`${server.url}/v1/leases${path}`, {
    method: "POST",
    headers: { authorization: node.authorization },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function renew(node: BareNode, voucher: IssuedVoucher): Promise<unknown> {
  const { body } = await ask(node, "/renewals", { serials: [serialOf(voucher).toString()] });
  return (body["renewals"] as readonly unknown[])[0];
}

async function askHolder(node: BareNode, voucher: IssuedVoucher, number = voucher.number): Promise<unknown> {
  const sealed = sealNumber(
    node.identity.keySet.serverBoxKey,
    openingFor(number, webRandomBytes),
    webRandomBytes,
  );
  const serial = serialOf(voucher).toString();
  return (await ask(node, "/holder", { serial, sealed: Buffer.from(sealed).toString("base64") })).body;
}

interface Lease {
  readonly node_id: string;
  readonly epoch_n: number;
  readonly not_after: Date;
  readonly closed_by: string | null;
  readonly document: Uint8Array;
}

async function leasesOf(voucher: IssuedVoucher): Promise<readonly Lease[]> {
  const { rows } = await server.client.pool.query<Lease>(
    `select node_id, epoch_n, not_after, closed_by, document from leases where voucher_serial = $1 order by epoch_n`,
    [serialOf(voucher)],
  );
  return rows;
}

async function elsewhereOf(node: BareNode): Promise<readonly unknown[]> {
  const { rows } = await server.client.pool.query(
    `select serial, till from shape_elsewhere where node_id = $1 order by serial`,
    [node.identity.nodeId],
  );
  return rows;
}

async function recalledShape(node: BareNode): Promise<readonly bigint[]> {
  const { rows } = await server.client.pool.query<{ serial: bigint }>(
    `select serial from shape_leases where node_id = $1 and recalled_at is not null order by serial`,
    [node.identity.nodeId],
  );
  return rows.map(({ serial }) => serial);
}

async function rowOf(voucher: IssuedVoucher): Promise<unknown> {
  const { rows } = await server.client.pool.query(
    `select state, pending, reserved_minor from vouchers where serial = $1`,
    [serialOf(voucher)],
  );
  return rows[0];
}

async function stateOf(voucher: IssuedVoucher): Promise<unknown> {
  return ((await rowOf(voucher)) as { state: string }).state;
}

function serialOf({ serialNumber }: IssuedVoucher): bigint {
  return BigInt(serialNumber);
}
