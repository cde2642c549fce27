import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { closeOverdueLeases } from "./release.ts";

let server: TestServer;
let first: BareNode;
let second: BareNode;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await putMerchant(pool, { id: "shop-2", name: "Shop 2", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
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

describe("a leased redemption", () => {
  test("is applied: the voucher is consumed, the lease closed, the merchant paid, and the verdict signed", async () => {
    const voucher = await leased(first);
    const paid = await balanceOf("merchant:shop-1:USD");
    const { verdicts } = await first.upload([first.redeem(voucher)]);
    expect(verdicts).toMatchObject({ lastSequence: 1, lastHash: first.head.hash });
    expect(verdicts?.verdicts).toMatchObject([
      { sequence: 1, status: "applied", reason: null, duplicate: false },
    ]);
    expect(verdicts?.verdicts[0]?.transactionId).toHaveLength(12);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    expect(await balanceOf("merchant:shop-1:USD")).toBe(paid + 700n);
    expect(await openLeases(voucher)).toBe(0n);
  });

  test.each([
    ["wrong-number", { number: "1234567890123452" }, {}],
    ["wrong-amount", {}, { amountMinor: 701n }],
    ["never-leased", {}, { epoch: { generation: 1, n: 9 } }],
    ["at-risk-not-allowed", {}, { mode: "at-risk", epoch: null }],
    ["unknown-voucher", { serialNumber: "0009999999" }, {}],
    ["too-late", {}, { mode: "online", epoch: null, lastServerTimeMs: Date.now() - 120_000 }],
  ] as const)(
    "4.5, S1: invalid: %s is rejected and the voucher stays",
    async (reason, voucherChange, bodyChange) => {
      const voucher = { ...(await leased(first)), ...voucherChange };
      const { verdicts } = await first.upload([first.redeem(voucher, bodyChange)]);
      expect(verdicts?.verdicts).toMatchObject([{ status: "rejected", reason }]);
      const { rows } = await server.client.pool.query(`select 1 from claims where voucher_serial = $1`, [
        BigInt(voucher.serialNumber),
      ]);
      expect(rows).toEqual([]);
    },
  );

  test("4.5, S2: it wins though the voucher expired meanwhile, while the lease is open", async () => {
    const voucher = await leased(first, new Date(Date.now() + 1000));
    await server.client.pool.query(
      `with ended as (
         update vouchers set expires_at = (select not_after from leases where voucher_serial = serial)
         where serial = $1 returning expires_at
       ) select pg_sleep(extract(epoch from expires_at - clock_timestamp()) + 0.01) from ended`,
      [BigInt(voucher.serialNumber)],
    );
    const { verdicts } = await first.upload([first.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
  });

  test("4.5, S4: another node's claim on it is held, and told when the holder has redeemed", async () => {
    const voucher = await leased(first);
    const claim = second.redeem(voucher, { mode: "online", epoch: null });
    const { verdicts } = await second.upload([claim]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "held", reason: "leased-to-another-node" }]);
    await first.upload([first.redeem(voucher)]);
    const again = await second.upload([claim]);
    expect(again.verdicts?.verdicts).toMatchObject([
      { status: "rejected", reason: "already-consumed", duplicate: true },
    ]);
  });

  test("4.1, S4: a held claim is applied when the lease is released, in the same transaction", async () => {
    const voucher = await leased(first);
    const claim = second.redeem(voucher, { mode: "online", epoch: null });
    await second.upload([claim]);
    const released = await first.upload([first.release(voucher.serialNumber)]);
    expect(released.verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
    const again = await second.upload([claim]);
    expect(again.verdicts?.verdicts).toMatchObject([{ status: "applied", duplicate: true }]);
    expect(await verdictShape(second)).toMatchObject([{ sequence: 1, status: "applied" }]);
  });

  test("4.5, S3: after its lease closed it is taken while the voucher is free, else `lease-closed`", async () => {
    const free = await leased(first);
    const taken = await leased(first);
    await expireLeases();
    await server.institution.redeem(taken.serialNumber, taken.number, "shop-2");
    const { verdicts } = await first.upload([first.redeem(free), first.redeem(taken)]);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "applied" },
      { status: "rejected", reason: "lease-closed" },
    ]);
  });

  test("4.1: a release behind a held operation is held too, and both end when the lease does", async () => {
    const voucher = await leased(first);
    const operations = [
      first.redeem(voucher, { mode: "online", epoch: null }),
      first.release(voucher.serialNumber),
    ];
    const { verdicts } = await first.upload(operations);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "held", reason: "leased-to-another-node" },
      { status: "held", reason: "earlier-operation-held" },
    ]);
    await expireLeases();
    const again = await first.upload(operations);
    expect(again.verdicts?.verdicts).toMatchObject([{ status: "applied" }, { status: "applied" }]);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    expect(await openLeases(voucher)).toBe(0n);
  });

  test("4.1: one holder at a time: the public API and a second lease are refused while it is leased", async () => {
    const voucher = await leased(first);
    const online = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-2");
    expect(online.body).toMatchObject({ status: 0, message: "LEASED_TO_A_NODE" });
    expect(await openLeases(voucher)).toBe(1n);
  });

  test("4.1: a cancel waits for the lease: a redemption that came first wins, otherwise the funding returns", async () => {
    const redeemed = await leased(first);
    const released = await leased(first);
    await server.institution.cancel([redeemed.serialNumber, released.serialNumber]);
    expect(await server.institution.status(redeemed.serialNumber)).toBe("Activated");
    await first.upload([first.redeem(redeemed), first.release(released.serialNumber)]);
    expect(await server.institution.status(redeemed.serialNumber)).toBe("Consumed");
    expect(await server.institution.status(released.serialNumber)).toBe("Cancelled");
  });
});

describe("the chain of a node", () => {
  test("the same operation sent twice, also at once, is settled once and told its first verdict again", async () => {
    const voucher = await leased(first);
    const operation = first.redeem(voucher);
    const paid = await balanceOf("merchant:shop-1:USD");
    await first.openSession();
    const answers = await Promise.all([1, 2, 3].map(() => first.upload([operation])));
    const verdicts = answers.map((answer) => answer.verdicts?.verdicts[0]);
    expect(verdicts.map((verdict) => verdict?.status)).toEqual(["applied", "applied", "applied"]);
    expect(verdicts.filter((verdict) => verdict?.duplicate === false)).toHaveLength(1);
    expect(new Set(verdicts.map((verdict) => verdict?.transactionId)).size).toBe(1);
    expect(await balanceOf("merchant:shop-1:USD")).toBe(paid + 700n);
  });

  test("operations out of order are refused whole, with the place, and nothing is stored", async () => {
    const vouchers = [await leased(first), await leased(first)] as const;
    const operations = vouchers.map((voucher) => first.redeem(voucher));
    const answer = await first.upload(operations.toReversed(), { sequence: 0 });
    expect(answer).toMatchObject({ status: 400, body: { code: "out-of-order", index: 0 } });
    expect(await storedOperations(first)).toBe(0n);
    expect((await first.upload(operations)).verdicts?.verdicts).toHaveLength(2);
  });

  test("a gap is 409 with the server's head, and nothing is stored", async () => {
    const vouchers = [await leased(first), await leased(first)] as const;
    const [, later] = vouchers.map((voucher) => first.redeem(voucher));
    if (!later) throw new Error("two operations were signed");
    expect(await first.upload([later])).toMatchObject({
      status: 409,
      body: { code: "head-mismatch", lastSequence: 0 },
    });
    expect(await storedOperations(first)).toBe(0n);
  });

  test("a body changed on the way is 400 bad-signature, and nothing is stored", async () => {
    const operation = first.redeem(await leased(first));
    const signed = operation.signed.slice();
    signed[signed.length - 1] = (signed.at(-1) ?? 0) ^ 1;
    const answer = await first.upload([{ ...operation, signed }]);
    expect(answer).toMatchObject({ status: 400, body: { code: "bad-signature", index: 0 } });
    expect(await storedOperations(first)).toBe(0n);
  });

  test("4.6: a second operation under one number freezes the node and keeps both branches", async () => {
    const vouchers = [await leased(first), await leased(first), await leased(first)] as const;
    await first.upload([first.redeem(vouchers[0])]);
    const fork = { ...first.head };
    const [one] = [first.redeem(vouchers[1])];
    await first.upload([one]);
    first.head = fork;
    const other = first.redeem(vouchers[2]);
    const after = first.release(vouchers[2].serialNumber);
    const { verdicts } = await first.upload([other, after]);
    expect(verdicts?.verdicts).toMatchObject([
      { sequence: 2, status: "held", reason: "forked" },
      { sequence: 3, status: "held", reason: "node-frozen" },
    ]);
    expect(verdicts?.lastSequence).toBe(2);
    expect(await storedOperations(first)).toBe(4n);
    expect(await server.institution.status(vouchers[2].serialNumber)).toBe("Activated");
    const frozen = await fetch(`${server.url}/v1/shapes/leases?offset=-1`, {
      headers: { authorization: first.authorization },
    });
    expect(frozen.status).toBe(403);
  });

  test("4.6: what a revoked node still sends is stored and held for a person", async () => {
    const vouchers = [await leased(first), await leased(first)] as const;
    await first.upload([first.redeem(vouchers[0])]);
    await revokeNode(testStore(server.client.pool), first.identity.nodeId);
    const { verdicts } = await first.upload([first.redeem(vouchers[1])]);
    expect(verdicts?.verdicts).toMatchObject([{ sequence: 2, status: "held", reason: "node-revoked" }]);
    expect(verdicts?.lastSequence).toBe(1);
    expect(await openLeases(vouchers[1])).toBe(1n);
  });

  test("4.6: what a revoked node sends in several uploads is stored to the last one, and told the same again", async () => {
    const vouchers = [await leased(first), await leased(first), await leased(first)] as const;
    await revokeNode(testStore(server.client.pool), first.identity.nodeId);
    const operations = vouchers.map((voucher) => first.redeem(voucher));
    const held = { status: "held", reason: "node-revoked" };
    for (const duplicate of [false, true]) {
      let before: { sequence: number; hash?: Uint8Array } = { sequence: 0 };
      for (const operation of operations) {
        const { verdicts } = await first.upload([operation], before);
        expect(verdicts?.verdicts).toMatchObject([{ ...held, duplicate }]);
        before = operation;
      }
    }
    expect(await storedOperations(first)).toBe(3n);
    const unheard = await first.upload([first.release(vouchers[0].serialNumber)], { sequence: 3 });
    expect(unheard).toMatchObject({ status: 409, body: { lastSequence: 0 } });
  });

  test("an operation of another node is 400 wrong-node, even under a valid signature", async () => {
    const voucher = await leased(first);
    const body = {
      type: "release-lease",
      serial: BigInt(voucher.serialNumber),
      epoch: { generation: 1, n: 1 },
    } as const;
    const operation = second.sign(body, { change: { nodeId: first.identity.nodeId } });
    expect(await second.upload([operation])).toMatchObject({ status: 400, body: { code: "wrong-node" } });
  });
});

describe("sessions", () => {
  test("an assertion opens one session and never a second", async () => {
    const assertion = first.assertion();
    expect((await first.openSession(assertion)).status).toBe(200);
    expect(await first.openSession(assertion)).toMatchObject({
      status: 401,
      body: { code: "stale-assertion", generation: 1, counter: expect.any(Number) as number },
    });
  });

  test("an operation cannot stand in for an assertion", async () => {
    const operation = first.redeem(await leased(first));
    expect((await first.openSession(operation.signed)).status).toBe(401);
  });

  test("a code enrols one machine; the same machine again gets its first certificate", async () => {
    const code = await enrolmentCode("shop-1");
    await BareNode.enrol(server.url, code);
    await expect(BareNode.enrol(server.url, code)).rejects.toThrow("used-code");
    await expect(BareNode.enrol(server.url, "AAAA-BBBB")).rejects.toThrow("unknown-code");
  });
});

async function leased(node: BareNode, until?: Date): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const outcome = await server.institution.activate([voucher.serialNumber], {
    leaseTo: node.identity.nodeId,
    ...(until && { leaseUntil: until.toISOString() }),
  });
  expect(outcome.failedCases).toEqual([]);
  expect(outcome.vouchers[0]?.leaseTo).toBe(node.identity.nodeId);
  return voucher;
}

async function enrol(merchantId: string): Promise<BareNode> {
  return BareNode.enrol(server.url, await enrolmentCode(merchantId));
}

function enrolmentCode(merchantId: string): Promise<string> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId, nodeName: "till", validHours: 1 };
  return issueEnrolmentCode(testStore(server.client.pool), random, wish);
}

/** Lets every open lease be over, by a grace of less than nothing. */
async function expireLeases(): Promise<void> {
  const yearMs = 365 * 86_400_000;
  await closeOverdueLeases(server.context, testStore(server.client.pool), -yearMs);
}

async function balanceOf(id: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find((account) => account.id === id)?.amountMinor ?? 0n;
}

async function openLeases(voucher: IssuedVoucher): Promise<bigint> {
  return count(
    `select count(*) from leases where closed_at is null and voucher_serial = $1`,
    BigInt(voucher.serialNumber),
  );
}

async function storedOperations(node: BareNode): Promise<bigint> {
  return count(`select count(*) from operations where node_id = $1`, node.identity.nodeId);
}

async function count(query: string, parameter: unknown): Promise<bigint> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(query, [parameter]);
  return rows[0]?.count ?? -1n;
}

async function verdictShape(node: BareNode) {
  const { rows } = await server.client.pool.query<{ verdict_list: string }>(
    `select verdict_list from shape_verdicts where node_id = $1`,
    [node.identity.nodeId],
  );
  const lists = await Promise.all(
    rows.map((row) => node.readVerdicts(new Uint8Array(Buffer.from(row.verdict_list, "base64")))),
  );
  return lists.flatMap((list) => list.verdicts);
}
