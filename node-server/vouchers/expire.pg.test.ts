import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSigner } from "#sync/signing/signers.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { answeringGateway } from "../../test/support/gateways.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { periodicTasks } from "../jobs/handlers.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { closeOverdueLeases } from "../operations/release.ts";
import type { PayoutOutcome } from "../payments/gateway.ts";
import { payClaim } from "../payments/settle-claim.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { grantLease } from "./leases.ts";
import { presentAndClaim } from "./redeem-online.ts";

let server: TestServer;
let node: BareNode;
let other: BareNode;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30, reservationDays: 10 });
  for (const id of ["shop-1", "shop-2"]) await putMerchant(pool, { id, name: id, accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  node = await enrol("shop-1");
  other = await enrol("shop-2");
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("the schedule", () => {
  test.each(["pre-activated", "activated", "suspended"] as const)(
    "expires a voucher that is %s, returns its funding once and leaves an audit entry",
    async (state) => {
      const funding = await balanceOf("funding:FOO:USD");
      const voucher = await voucherThatIs(state);
      expect(await balanceOf("funding:FOO:USD")).toBe(funding - 700n);
      await end(voucher);
      await runTask("expire-vouchers");
      await runTask("expire-vouchers");
      expect(await rowOf(voucher)).toMatchObject({ state: "expired", pending: null, reserved_minor: 0n });
      expect(await balanceOf("funding:FOO:USD")).toBe(funding);
      expect(await auditOf(voucher, "voucher.expire")).toEqual([
        {
          actor: "schedule",
          before: { state: machineState[state], pending: null },
          after: { state: "expired", pending: null },
        },
      ]);
    },
  );

  test("leaves what is still good, and what is blocked", async () => {
    const [good, blocked] = [await voucherThatIs("activated"), await voucherThatIs("activated")];
    await server.institution.command("block", [{ serialNumber: blocked.serialNumber }]);
    await end(blocked);
    await runTask("expire-vouchers");
    expect((await rowOf(good)).state).toBe("activated");
    expect((await rowOf(blocked)).state).toBe("blocked");
    await server.institution.cancel([blocked.serialNumber]);
    expect((await rowOf(blocked)).state).toBe("cancelled");
  });

  test("goes on until nothing is due, however much that is", async () => {
    const vouchers = await server.institution.createVouchers("FOO", Array<number>(450).fill(1));
    const funding = await balanceOf("funding:FOO:USD");
    const serials = vouchers.map((voucher) => BigInt(voucher.serialNumber));
    await server.client.pool.query(
      `update vouchers set expires_at = clock_timestamp() - serial * interval '1 second' where serial = any($1)`,
      [serials],
    );
    await runTask("expire-vouchers");
    const { rows } = await server.client.pool.query(
      `select state, count(*) from vouchers where serial = any($1) group by state`,
      [serials],
    );
    expect(rows).toEqual([{ state: "expired", count: 450n }]);
    expect(await balanceOf("funding:FOO:USD")).toBe(funding + 45_000n);
  });
});

describe("a reservation", () => {
  test("lasts for its group's days, and the validity runs anew from the activation", async () => {
    const voucher = await voucherThatIs("pre-activated");
    expect(await daysFrom("created_at", voucher)).toBeCloseTo(10, 3);
    await server.institution.activate([voucher.serialNumber]);
    expect(await daysFrom("activated_at", voucher)).toBeCloseTo(30, 3);
  });
});

describe("at the instant, however late the schedule is", () => {
  test("redeeming is refused as expired", async () => {
    const voucher = await voucherThatIs("activated");
    await end(voucher);
    const { body } = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1");
    expect(body).toMatchObject({ status: 0, message: "EXPIRED" });
  });

  test.each([
    ["activate", "pre-activated", {}],
    ["activate", "pre-activated", { leaseTo: "shop-1" }],
    ["unsuspend", "suspended", {}],
    ["suspend", "activated", {}],
    ["block", "activated", {}],
  ] as const)("%s of a voucher that is %s is refused as expired", async (command, state, lease) => {
    const voucher = await voucherThatIs(state);
    await end(voucher);
    const item = { serialNumber: voucher.serialNumber, ...lease };
    const { failedCases } = await server.institution.command(command, [item]);
    expect(failedCases).toEqual([{ serialNumber: voucher.serialNumber, failureReason: "Expired" }]);
    expect(await server.institution.status(voucher.serialNumber)).toBe("Expired");
  });

  test("no lease is granted", async () => {
    const voucher = await voucherThatIs("activated");
    await end(voucher);
    const granted = await testStore(server.client.pool).transaction(async (tx) => {
      const holder = await tx.nodes.lock(node.identity.nodeId);
      const locked = (await tx.vouchers.lock([BigInt(voucher.serialNumber)])).get(
        BigInt(voucher.serialNumber),
      );
      if (!holder || !locked) throw new Error("node and voucher exist");
      const signer = await createSigner("lease", new Uint8Array(32));
      return grantLease(tx, signer, { ...locked, token: locked.token ?? "" }, holder, null);
    });
    expect(granted).toEqual({ ok: false, refusal: { code: "expired" } });
  });

  test("it is shown as expired and is not valid, asked by serial or by number", async () => {
    const voucher = await voucherThatIs("activated");
    await end(voucher);
    const { serialNumber, number } = voucher;
    const whole = await server.institution.call("GET", `/vouchers/${serialNumber}`);
    expect(whole.body).toMatchObject({ status: 4, statusName: "Expired" });
    for (const question of [{ serialNumber }, { voucherNumber: number, groupCode: "FOO" }]) {
      const { body } = await server.institution.call("POST", "/voucher/validity", question);
      expect(body).toEqual({ serialNumber, isValid: false });
    }
  });

  test("a node's online redemption is rejected as expired", async () => {
    const voucher = await voucherThatIs("activated");
    await end(voucher);
    const { verdicts } = await node.upload([node.redeem(voucher, { mode: "online", epoch: null })]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "rejected", reason: "expired" }]);
  });

  test("cancel and purge take it as the expired voucher that it is, and its funding returns once", async () => {
    const funding = await balanceOf("funding:FOO:USD");
    const [cancelled, purged] = [await voucherThatIs("activated"), await voucherThatIs("suspended")];
    await end(cancelled);
    await end(purged);
    const outcomes = [
      await server.institution.cancel([cancelled.serialNumber]),
      await server.institution.command("purge", [{ serialNumber: purged.serialNumber }]),
    ];
    expect(outcomes.map(({ failedCases }) => failedCases)).toEqual([[], []]);
    expect((await rowOf(cancelled)).state).toBe("cancelled");
    expect((await rowOf(purged)).state).toBe("purged");
    expect(await balanceOf("funding:FOO:USD")).toBe(funding);
  });
});

describe("a leased voucher past its end", () => {
  test("V3: is noted to expire, keeps its funding and has its lease recalled", async () => {
    const voucher = await leasedPastEnd();
    await runTask("expire-vouchers");
    expect(await rowOf(voucher)).toMatchObject({ state: "leased", pending: "expire", reserved_minor: 700n });
    const { rows } = await server.client.pool.query(
      `select recalled_at is not null as recalled, closed_at from leases where voucher_serial = $1`,
      [BigInt(voucher.serialNumber)],
    );
    expect(rows).toEqual([{ recalled: true, closed_at: null }]);
  });

  test("is expired when its holder releases it, and its funding returns", async () => {
    const funding = await balanceOf("funding:FOO:USD");
    const voucher = await leasedPastEnd();
    await runTask("expire-vouchers");
    await node.upload([node.release(voucher.serialNumber)]);
    expect(await rowOf(voucher)).toMatchObject({ state: "expired", pending: null });
    expect(await balanceOf("funding:FOO:USD")).toBe(funding);
  });

  test("is expired when its lease's time and grace have passed, also where the schedule comes after that", async () => {
    const noted = await leasedPastEnd();
    await runTask("expire-vouchers");
    const late = await leasedPastEnd();
    await closeOverdueLeases(server.context, testStore(server.client.pool), 0);
    expect((await rowOf(noted)).state).toBe("expired");
    expect(await server.institution.status(late.serialNumber)).toBe("Expired");
    await runTask("expire-vouchers");
    expect((await rowOf(late)).state).toBe("expired");
  });

  test("S2: is consumed when its holder's redemption arrives before the lease closes", async () => {
    const voucher = await leasedPastEnd();
    await runTask("expire-vouchers");
    const { verdicts } = await node.upload([node.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
    await expect.poll(async () => (await rowOf(voucher)).state).toBe("consumed");
  });

  test("S4: goes to the claim that was held before its end, and refuses the one that comes after", async () => {
    const voucher = await leased(new Date(Date.now() + 1500));
    const before = other.redeem(voucher, { mode: "online", epoch: null });
    expect((await other.upload([before])).verdicts?.verdicts).toMatchObject([{ status: "held" }]);
    await passEnd(voucher);
    await runTask("expire-vouchers");
    const after = other.redeem(voucher, { mode: "online", epoch: null });
    expect((await other.upload([after])).verdicts?.verdicts).toMatchObject([
      { status: "rejected", reason: "expired" },
    ]);
    await node.upload([node.release(voucher.serialNumber)]);
    expect((await other.upload([before])).verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
  });
});

describe("a voucher being paid past its end", () => {
  test.each([
    [{ outcome: "paid" }, "consumed", -700n],
    [{ outcome: "failed", reason: "closed" }, "expired", 0n],
  ] as const)(
    "V3: is noted to expire; a payout that is then %o leaves it %s",
    async (outcome, state, spent) => {
      const funding = await balanceOf("funding:FOO:USD");
      const { voucher, claimId } = await beingPaid();
      await end(voucher);
      await runTask("expire-vouchers");
      expect(await rowOf(voucher)).toMatchObject({ state: "redeeming", pending: "expire" });
      await payWith(claimId, outcome);
      expect(await rowOf(voucher)).toMatchObject({ state, pending: null, reserved_minor: 0n });
      expect(await balanceOf("funding:FOO:USD")).toBe(funding + spent);
    },
  );

  test("is refused as expired when its payout fails before the schedule has seen it", async () => {
    const { voucher, claimId } = await beingPaid();
    await end(voucher);
    await payWith(claimId, { outcome: "failed", reason: "closed" });
    const { body } = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1");
    expect(body).toMatchObject({ status: 0, message: "EXPIRED" });
  });
});

const machineState = {
  "pre-activated": "preActivated",
  activated: "activated",
  suspended: "suspended",
} as const;

async function voucherThatIs(state: keyof typeof machineState): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const items = [{ serialNumber: voucher.serialNumber }];
  if (state !== "pre-activated") await server.institution.activate([voucher.serialNumber]);
  if (state === "suspended") await server.institution.command("suspend", items);
  return voucher;
}

/** Lets the voucher's last instant be the one before now. */
async function end(voucher: IssuedVoucher): Promise<void> {
  await server.client.pool.query(
    `update vouchers set expires_at = clock_timestamp() - interval '1 millisecond' where serial = $1`,
    [BigInt(voucher.serialNumber)],
  );
}

async function leased(until: Date): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const lease = { leaseTo: node.identity.nodeId, leaseUntil: until.toISOString() };
  expect((await server.institution.activate([voucher.serialNumber], lease)).failedCases).toEqual([]);
  return voucher;
}

/** Lets the voucher end with its lease, and waits for that: a lease never outlasts its voucher. */
async function passEnd(voucher: IssuedVoucher): Promise<void> {
  await server.client.pool.query(
    `with ended as (
       update vouchers set expires_at = (select not_after from leases where voucher_serial = serial)
       where serial = $1 returning expires_at
     ) select pg_sleep(greatest(0, extract(epoch from expires_at - clock_timestamp())) + 0.01) from ended`,
    [BigInt(voucher.serialNumber)],
  );
}

async function leasedPastEnd(): Promise<IssuedVoucher> {
  const voucher = await leased(new Date(Date.now() + 300));
  await passEnd(voucher);
  return voucher;
}

async function beingPaid(): Promise<{ readonly voucher: IssuedVoucher; readonly claimId: string }> {
  const voucher = await voucherThatIs("activated");
  const key = { institutionId: "welfare", call: "test", requestId: voucher.serialNumber };
  const request = {
    serialNumber: voucher.serialNumber,
    voucherNumber: voucher.number,
    agentId: "shop-1",
    override: false,
  };
  const claimed = await testStore(server.client.pool).transaction((tx) =>
    presentAndClaim(tx, server.context.indexKey, key, request),
  );
  if (!claimed.ok) throw new Error(claimed.code);
  return { voucher, claimId: claimed.claimId };
}

async function payWith(claimId: string, outcome: PayoutOutcome): Promise<void> {
  await payClaim(testStore(server.client.pool), answeringGateway(outcome), claimId);
}

async function runTask(name: string): Promise<void> {
  const tasks = periodicTasks({
    store: testStore(server.client.pool),
    context: server.context,
    graceMs: 0,
    trimShapeLog: () => Promise.resolve(0),
  });
  const task = tasks.find((candidate) => candidate.name === name);
  if (!task) throw new Error(`there is no task ${name}`);
  await task.run();
}

async function enrol(merchantId: string): Promise<BareNode> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId, nodeName: "till", validHours: 1 };
  return BareNode.enrol(server.url, await issueEnrolmentCode(testStore(server.client.pool), random, wish));
}

async function rowOf(voucher: IssuedVoucher): Promise<Readonly<Record<string, unknown>>> {
  const { rows } = await server.client.pool.query<Record<string, unknown>>(
    `select state, pending, reserved_minor from vouchers where serial = $1`,
    [BigInt(voucher.serialNumber)],
  );
  return rows[0] ?? {};
}

async function daysFrom(column: "created_at" | "activated_at", voucher: IssuedVoucher): Promise<number> {
  const { rows } = await server.client.pool.query<{ days: string }>(
    `select extract(epoch from expires_at - ${column}) / 86400 as days from vouchers where serial = $1`,
    [BigInt(voucher.serialNumber)],
  );
  return Number(rows[0]?.days);
}

async function auditOf(voucher: IssuedVoucher, action: string): Promise<unknown[]> {
  const { rows } = await server.client.pool.query(
    `select actor, before, after from audit_entries where subject = $1 and action = $2`,
    [`voucher:${BigInt(voucher.serialNumber)}`, action],
  );
  return rows;
}

async function balanceOf(id: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find((account) => account.id === id)?.amountMinor ?? 0n;
}
