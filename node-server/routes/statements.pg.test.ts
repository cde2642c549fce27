/** What a real node asks about its redemptions once they are decided: disputes, appeals, evidence, payouts; and a registry. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { webRandomBytes } from "#sync/signing/random.ts";
import { verifyFile } from "#sync/verify.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import type { RealTill } from "../../test/support/real-till.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { createHttpRegistry } from "../beneficiaries/registry.ts";
import { decide, proposeVerdict } from "../disputes/disputes.ts";
import { issuePinCode } from "../nodes/pin-codes.ts";
import { fundFsp, fundGroup } from "../ledger/entries.ts";
import { closeOverdueLeases } from "../operations/release.ts";
import { putFsp, putGroupFee } from "../postgres/payment-admin.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";

let server: TestServer;
let till: RealTill;
let other: RealTill;
const asked: { body: string; authorization: string | undefined }[] = [];
let answers: (body: string) => { status: number; body: string } = () => ({ status: 200, body: "{}" });

const people = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await textOf(request);
  asked.push({ body, authorization: request.headers.authorization });
  const { status, body: told } = answers(body);
  response.writeHead(status).end(told);
}

beforeAll(async () => {
  await new Promise<void>((resolve) => people.listen(0, "127.0.0.1", resolve));
  const { port } = people.address() as AddressInfo;
  const registry = createHttpRegistry({ url: `http://127.0.0.1:${port}/ask`, secret: "let-me-in" });
  server = await startTestServer({ registry });
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putFsp(pool, { id: "bank", name: "First Bank" });
  await putGroupFee(pool, { groupCode: "FOO", currency: "USD", fixedMinor: 5n, basisPoints: 100 });
  await putMerchant(pool, {
    id: "shop-1",
    name: "Shop 1",
    accepts: ["FOO"],
    fspId: "bank",
    account: "KE-00123456",
  });
  await putMerchant(pool, { id: "shop-2", name: "Shop 2", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  await fundForTest(pool, fundFsp("t-2", "bank", { amountMinor: 1_000_000n, currency: "USD" }));
  till = await enrolRealTill(server, "shop-1", { lasting: true });
  other = await enrolRealTill(server, "shop-1", { name: "till 2", lasting: true });
});

afterAll(async () => {
  till.remove();
  other.remove();
  await server.close();
  people.close();
});

test("a payout tells when, how much less which fee, and to which account, masked; to the till that earned it alone", async () => {
  const voucher = await leased(till);
  expect(await till.redeem(voucher)).toMatchObject({ kind: "accepted" });
  await till.node.sync();
  await paid(1n);
  expect(await till.node.statements()).toBe(true);
  const [payout, ...more] = till.stores.statements.payouts(null, 10);
  expect(more).toEqual([]);
  // 7.00 less 0.05 and 1 %.
  expect(payout).toMatchObject({
    sequence: 1,
    serial: BigInt(voucher.serialNumber),
    currency: "USD",
    amountMinor: 688n,
    feeMinor: 12n,
    account: "••••3456",
    provider: "First Bank",
    reference: till.stores.redemptions.find(1)?.transactionId,
  });
  expect(await other.node.statements()).toBe(true);
  expect(other.stores.statements.payouts(null, 10)).toEqual([]);
  expect(other.stores.statements.asOfMs("payouts")).toBeDefined();
  const later = await leased(till);
  await till.redeem(later);
  await till.node.sync();
  await paid(2n);
  await till.node.statements();
  await till.node.statements();
  expect(till.stores.statements.payouts(null, 10).map(({ sequence }) => sequence)).toEqual([2, 1]);
  const before = till.stores.statements.payouts(null, 1)[0]?.reference ?? null;
  expect(till.stores.statements.payouts(before, 10).map(({ sequence }) => sequence)).toEqual([1]);
});

describe("a dispute", () => {
  test("is told with its state, its guarantee and the words of whoever decided; appealed once; proven by its evidence", async () => {
    const sequence = await lose(till);
    const seen = async () => {
      await till.node.statements();
      return till.stores.statements.disputes(10).find((dispute) => dispute.sequence === sequence);
    };
    const open = {
      state: "open",
      reason: "lease-closed",
      guaranteedMinor: 700n,
      because: null,
      appeal: null,
    };
    expect(await seen()).toMatchObject(open);
    const hash = till.stores.redemptions.find(sequence)?.hash ?? new Uint8Array();
    const name = { nodeId: till.nodeId, hash };
    const store = testStore(server.client.pool);
    expect(await till.node.appeal(sequence, "too early")).toMatchObject({
      failure: { reason: "not-possible" },
    });
    await proposeVerdict(store, name, { verdict: "refuse", because: "came\ntoo late", by: "Amina" });
    // What is only proposed is nobody's word yet.
    expect(await seen()).toMatchObject(open);
    await decide(store, name, "Ben");
    expect(await seen()).toMatchObject({ state: "refused", because: "came too late" });
    expect(await other.node.appeal(sequence, "not mine")).toMatchObject({
      failure: { reason: "no-such-dispute" },
    });
    expect(await till.node.appeal(sequence, "the bus was late")).toEqual({ ok: true });
    expect(till.stores.statements.disputes(10)).toMatchObject([
      { state: "appealed", appeal: "the bus was late" },
    ]);
    expect(await till.node.appeal(sequence, "again")).toMatchObject({ failure: { reason: "not-possible" } });
    // The same words are the same appeal, whose answer was lost.
    expect(await till.node.appeal(sequence, "the bus was late")).toEqual({ ok: true });
    const { rows } = await server.client.pool.query(
      "select actor from audit_entries where action = 'dispute.appeal'",
    );
    expect(rows).toEqual([{ actor: `node:${till.nodeId}` }]);
    const evidence = await till.node.evidence(sequence);
    if (!evidence.ok) throw new Error("no evidence");
    expect(await verifyFile(evidence.file)).toMatchObject({ ok: true });
    expect(await till.node.evidence(9999)).toMatchObject({ failure: { reason: "no-such-dispute" } });
  });
});

describe("a registry", () => {
  const who = { serial: 12n, identity: "NIN-4711", secret: "my mother's name" };

  test.each(["confirmed", "not-confirmed"])("that answers %s is believed", async (result) => {
    answers = () => ({ status: 200, body: JSON.stringify({ result }) });
    expect(await till.node.authenticate(who)).toEqual({ ok: true, result });
    const { body, authorization } = asked.at(-1) ?? {};
    expect(JSON.parse(body ?? "")).toEqual({ voucher: "12", identity: who.identity, secret: who.secret });
    expect(authorization).toBe("Bearer let-me-in");
  });

  test.each([
    [500, "{}"],
    [200, "nonsense"],
    [200, `{"result":"perhaps"}`],
    [302, ""],
  ])("that answers %i %s has said nothing", async (status, body) => {
    answers = () => ({ status, body });
    expect(await till.node.authenticate(who)).toMatchObject({
      ok: false,
      failure: { reason: "registry-away" },
    });
  });

  test("is asked in vain five times about a voucher within an hour, whichever till asks, and not once more", async () => {
    const guessed = { ...who, serial: 13n };
    answers = () => ({ status: 200, body: `{"result":"not-confirmed"}` });
    const guess = (by: RealTill) => by.node.authenticate(guessed);
    for (const by of [till, other, till, other]) {
      expect(await guess(by)).toEqual({ ok: true, result: "not-confirmed" });
    }
    // A yes and a failure are no guesses.
    answers = () => ({ status: 500, body: "" });
    expect(await guess(till)).toMatchObject({ failure: { reason: "registry-away" } });
    answers = () => ({ status: 200, body: `{"result":"confirmed"}` });
    expect(await guess(till)).toEqual({ ok: true, result: "confirmed" });
    answers = () => ({ status: 200, body: `{"result":"not-confirmed"}` });
    const before = asked.length;
    const together = await Promise.all([guess(till), guess(other), guess(till)]);
    expect(together.filter(({ ok }) => ok)).toHaveLength(1);
    expect(together.filter(({ ok }) => !ok)).toMatchObject([
      { failure: { reason: "too-many-questions" } },
      { failure: { reason: "too-many-questions" } },
    ]);
    expect(asked.length - before).toBe(1);
    const { rows } = await server.client.pool.query(
      "select subject from alerts where kind = 'registry-guesses'",
    );
    expect(rows).toEqual([{ subject: "voucher:13" }]);
    await server.client.pool.query("update registry_doubts set at = at - interval '61 minutes'");
    expect(await guess(till)).toEqual({ ok: true, result: "not-confirmed" });
    await server.client.pool.query("update registry_doubts set at = at - interval '8 days'");
    await server.runTask("forget-node-questions");
    const { rows: left } = await server.client.pool.query("select 1 from registry_doubts");
    expect(left).toEqual([]);
  });

  test("is asked in vain thirty times by a till within an hour, about whatever vouchers", async () => {
    await server.client.pool.query("delete from registry_doubts");
    answers = () => ({ status: 200, body: `{"result":"not-confirmed"}` });
    const guess = (serial: bigint) => other.node.authenticate({ ...who, serial });
    for (let n = 0n; n < 30n; n++) expect(await guess(1000n + n)).toMatchObject({ ok: true });
    expect(await guess(2000n)).toMatchObject({ failure: { reason: "too-many-questions" } });
    expect(await till.node.authenticate({ ...who, serial: 2000n })).toMatchObject({ ok: true });
  });

  test("keeps to itself whom it was asked about: nothing of it is in the database", async () => {
    const { rows } = await server.client.pool.query(
      "select count(*)::int as found from audit_entries where after::text ~ 'NIN-4711|mother'",
    );
    expect(rows).toEqual([{ found: 0 }]);
  });
});

describe("an operator's code for a new PIN", () => {
  const use = (by: RealTill, code: string, request = randomUUID()) => by.node.usePinCode(code, request);

  test("is good once, at that till, and told alike to whoever missed the answer", async () => {
    const store = testStore(server.client.pool);
    const issued = await issuePinCode(store, webRandomBytes, till.nodeId);
    const code = issued?.code ?? "";
    const unknown = { ok: false, failure: { reason: "unknown-code" } };
    expect(await use(other, code)).toMatchObject(unknown);
    const request = randomUUID();
    expect(await use(till, ` ${code.toLowerCase()} `, request)).toEqual({ ok: true });
    expect(await use(till, code, request)).toEqual({ ok: true });
    expect(await use(till, code)).toMatchObject(unknown);
    expect(await use(till, "AAAA-BBBB-CCCC-DDDD")).toMatchObject(unknown);
    const { rows } = await server.client.pool.query(
      "select action, actor from audit_entries where action like 'node.pin%' order by 1 limit 2",
    );
    expect(rows).toEqual([
      { action: "node.pin-code", actor: "operator" },
      { action: "node.pin-reset", actor: `node:${till.nodeId}` },
    ]);
  });

  test("runs out after an hour, and no node that is not active gets one", async () => {
    const store = testStore(server.client.pool);
    const issued = await issuePinCode(store, webRandomBytes, till.nodeId);
    await server.client.pool.query("update pin_codes set expires_at = expires_at - interval '61 minutes'");
    expect(await use(till, issued?.code ?? "")).toMatchObject({ failure: { reason: "unknown-code" } });
    expect(await issuePinCode(store, webRandomBytes, randomUUID())).toBeUndefined();
  });
});

test("a till that a server without a registry asks is told so", async () => {
  const plain = await startTestServer();
  try {
    await putMerchant(plain.client.pool, { id: "shop-1", name: "Shop 1", accepts: [] });
    const alone = await enrolRealTill(plain, "shop-1");
    const answer = await alone.node.authenticate({ serial: 1n, identity: "x", secret: null });
    expect(answer).toMatchObject({ ok: false, failure: { reason: "registry-not-available" } });
  } finally {
    await plain.close();
  }
});

async function leased(to: RealTill) {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  await server.institution.activate([voucher.serialNumber], { leaseTo: to.nodeId });
  await to.node.sync();
  return voucher;
}

/** The lease closes while the till is away, and the voucher is redeemed elsewhere first. Gives the operation's number. */
async function lose(by: RealTill): Promise<number> {
  const voucher = await leased(by);
  const outcome = await by.redeem(voucher);
  if (outcome.kind !== "accepted") throw new Error(`not accepted: ${outcome.kind}`);
  await ageLeases(server.client.pool, [BigInt(voucher.serialNumber)], 20);
  await closeOverdueLeases(server.context, testStore(server.client.pool), 0);
  await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
  await by.node.sync();
  return outcome.redeemed.sequence;
}

/** Payouts follow their verdicts. */
async function paid(count: bigint): Promise<void> {
  await expect
    .poll(
      async () => {
        const { rows } = await server.client.pool.query<{ paid: bigint }>(
          "select count(*) as paid from claims where state = 'paid' and merchant_id = 'shop-1'",
        );
        return rows[0]?.paid;
      },
      { timeout: 50_000 },
    )
    .toBe(count);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
