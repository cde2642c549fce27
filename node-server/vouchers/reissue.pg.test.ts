/** Lost vouchers, over HTTP: cancelled and made anew in one linked step. Budgets and stock, since both count them. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { setBudget } from "../postgres/budget-admin.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { readBudgets, readTakeUp, readUnusedLeases, setRestockLevel } from "../postgres/report-rows.ts";
import { watchStock } from "./restocking.ts";

interface Item {
  readonly instructionID: string;
  readonly serialNumber?: string;
  readonly voucherNumber?: string;
  readonly replacesSerialNumber?: string;
  readonly failureReason?: string;
  readonly amount?: number;
  readonly currency?: string;
}

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  for (const code of ["FOO", "BUD", "STK"]) {
    await putVoucherGroup(pool, { code, name: `Group ${code}`, validityDays: 30 });
    await fundForTest(pool, fundGroup(`t-${code}`, code, { amountMinor: 100_000n, currency: "USD" }));
  }
  const accepts = ["FOO", "BUD", "STK"];
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts, area: "North" });
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("a lost voucher", () => {
  test("is cancelled and replaced by one of the same value, and each names the other", async () => {
    const lost = await activeVoucher("FOO");
    const before = await funding("FOO");
    const [item] = await reissue([lost.serialNumber]);
    expect(item).toMatchObject({ replacesSerialNumber: lost.serialNumber, amount: 7, currency: "USD" });
    expect(await funding("FOO")).toBe(before);
    expect(await show(lost.serialNumber)).toMatchObject({
      statusName: "Cancelled",
      replacedBy: item?.serialNumber,
    });
    const made = item?.serialNumber ?? "";
    expect(await show(made)).toMatchObject({
      statusName: "Pre-Activated",
      replacesSerialNumber: lost.serialNumber,
    });
    await server.institution.activate([made]);
    const number = await server.institution.numberOf({
      serialNumber: made,
      voucherNumber: item?.voucherNumber ?? "",
    });
    expect((await server.institution.redeem(lost.serialNumber, lost.number, "shop-1")).body["message"]).toBe(
      "CANCELLED",
    );
    expect((await server.institution.redeem(made, number, "shop-1")).body["message"]).toBe("REDEEMED");
    const { rows } = await server.client.pool.query<{ reason: string }>(
      `select after ->> 'reason' as reason from audit_entries where action = 'voucher.reissue' and subject = $1`,
      [`voucher:${BigInt(lost.serialNumber)}`],
    );
    expect(rows).toEqual([{ reason: "paper lost" }]);
  });

  test("is replaced once, also by two requests at once", async () => {
    const lost = await activeVoucher("FOO");
    const answers = await Promise.all([reissue([lost.serialNumber]), reissue([lost.serialNumber])]);
    const reasons = answers.map(([item]) => item?.failureReason);
    expect(new Set(reasons)).toEqual(new Set(["Already Replaced", undefined]));
    expect((await reissue([lost.serialNumber]))[0]?.failureReason).toBe("Already Replaced");
  });

  test("that was cancelled before and never replaced is funded anew", async () => {
    const lost = await activeVoucher("FOO");
    await server.institution.cancel([lost.serialNumber]);
    const before = await funding("FOO");
    expect((await reissue([lost.serialNumber]))[0]?.failureReason).toBeUndefined();
    expect(await funding("FOO")).toBe(before - 700n);
  });

  test("is refused with its own reason where it was used, is unknown, or leased; the others of the request go on", async () => {
    const used = await activeVoucher("FOO");
    await server.institution.redeem(used.serialNumber, used.number, "shop-1");
    const leased = await freshVoucher("FOO");
    await server.institution.activate([leased.serialNumber], { leaseTo: (await enrol()).identity.nodeId });
    const lost = await activeVoucher("FOO");
    const items = await reissue([used.serialNumber, "0009999999", leased.serialNumber, lost.serialNumber]);
    expect(items.map(({ failureReason }) => failureReason)).toEqual([
      "Already Consumed",
      "Not Existing",
      "Leased: cancel it, which recalls it, and reissue it then",
      undefined,
    ]);
    expect(await show(leased.serialNumber)).not.toHaveProperty("pending");
  });
});

describe("a programme's budget for a group", () => {
  test("bounds what is issued, item by item; what is cancelled is free again", async () => {
    const { pool } = server.client;
    const budget = { programId: "relief-2026", groupCode: "BUD", currency: "USD" };
    await setBudget(pool, { ...budget, limitMinor: 1500n });
    const items = await create("BUD", [7, 7, 7]);
    expect(items.map(({ failureReason }) => failureReason)).toEqual([
      undefined,
      undefined,
      "The programme's budget for the voucher group is used up",
    ]);
    await server.institution.cancel([items[0]?.serialNumber ?? ""]);
    expect((await create("BUD", [7]))[0]?.failureReason).toBeUndefined();
    expect(await readBudgets(pool)).toEqual([
      { ...budget, limitMinor: 1500n, usedMinor: 1400n, redeemedMinor: 0n },
    ]);
  });

  test("holds against two batches at once", async () => {
    const { pool } = server.client;
    await setBudget(pool, { programId: "relief-2026", groupCode: "BUD", currency: "USD", limitMinor: 2100n });
    const items = (await Promise.all([create("BUD", [7]), create("BUD", [7]), create("BUD", [7])])).flat();
    expect(items.filter(({ failureReason }) => failureReason === undefined)).toHaveLength(1);
  });
});

describe("stock", () => {
  test("is told per group, currency and state, as JSON and as CSV, and only to the issuer", async () => {
    await activeVoucher("STK");
    const used = await activeVoucher("STK");
    await server.institution.redeem(used.serialNumber, used.number, "shop-1");
    await freshVoucher("STK");
    const { body } = await server.institution.call("GET", "/vouchers/stock");
    const row = { groupCode: "STK", currency: "USD", quantity: 1, value: 7 };
    const ofGroup = (body["stock"] as { groupCode: string }[]).filter(({ groupCode }) => groupCode === "STK");
    expect(ofGroup).toEqual([
      { ...row, state: "activated" },
      { ...row, state: "consumed" },
      { ...row, state: "preActivated" },
    ]);
    const headers = { authorization: `Bearer ${await server.issuer.token("welfare")}` };
    const csv = await (await fetch(`${server.url}/vouchers/stock?format=csv`, { headers })).text();
    expect(csv).toContain("groupCode,currency,state,quantity,value\r\n");
    expect(csv).toContain("STK,USD,consumed,1,7.00\r\n");
    const stranger = {
      authorization: `Bearer ${await server.issuer.token("stranger")}`,
      "X-Registering-Institution-ID": "stranger",
    };
    expect((await server.institution.call("GET", "/vouchers/stock", undefined, stranger)).body).toEqual({
      stock: [],
    });
    expect((await server.institution.call("GET", "/vouchers/stock?format=xml")).status).toBe(400);
  });

  test("below its level raises one alert, which ends when the stock has recovered", async () => {
    const { pool } = server.client;
    const store = testStore(pool);
    const level = { groupCode: "STK", currency: "USD", leastVouchers: null };
    await setRestockLevel(pool, { ...level, leastFundingMinor: 1_000_000n });
    await watchStock(store);
    await watchStock(store);
    expect(await openAlerts()).toBe(1);
    await setRestockLevel(pool, { ...level, leastFundingMinor: 100n });
    await watchStock(store);
    expect(await openAlerts()).toBe(0);
  });

  test("take-up counts what was issued, activated and redeemed, by the merchant's area", async () => {
    const rows = (await readTakeUp(server.client.pool, "relief-2026")).filter(
      ({ groupCode }) => groupCode === "STK",
    );
    expect(rows).toMatchObject([
      { area: "North", issued: 1n, activated: 1n, redeemed: 1n, redeemedMinor: 700n },
      { area: null, issued: 2n, activated: 1n, redeemed: 0n, redeemedMinor: 0n },
    ]);
  });

  test("leases that lie unused are listed with their node and its last contact", async () => {
    const voucher = await freshVoucher("STK");
    await server.institution.activate([voucher.serialNumber], { leaseTo: (await enrol()).identity.nodeId });
    const serial = BigInt(voucher.serialNumber);
    const unused = async () => (await readUnusedLeases(server.client.pool, 7)).map((lease) => lease.serial);
    expect(await unused()).not.toContain(serial);
    await server.client.pool.query(
      `update leases set granted_at = granted_at - interval '8 days' where voucher_serial = $1`,
      [serial],
    );
    expect(await unused()).toContain(serial);
  });
});

async function freshVoucher(groupCode: string): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers(groupCode, [7]);
  if (!voucher) throw new Error("no voucher was made");
  return voucher;
}

async function activeVoucher(groupCode: string): Promise<IssuedVoucher> {
  const voucher = await freshVoucher(groupCode);
  await server.institution.activate([voucher.serialNumber]);
  return voucher;
}

function reissue(serialNumbers: readonly string[]): Promise<readonly Item[]> {
  return ask(
    "/vouchers?command=reissue",
    serialNumbers.map((serialNumber, index) => ({
      instructionID: `i-${index}`,
      serialNumber,
      reason: "paper lost",
    })),
  );
}

function create(groupCode: string, amounts: readonly number[]): Promise<readonly Item[]> {
  const instruction = { groupCode, currency: "USD" };
  return ask(
    "/vouchers",
    amounts.map((amount, index) => ({ ...instruction, instructionID: `i-${index}`, amount })),
  );
}

async function ask(path: string, voucherInstructions: readonly object[]): Promise<readonly Item[]> {
  const requestID = server.institution.nextRequestId();
  const body = { requestID, batchID: requestID, voucherInstructions };
  expect((await server.institution.call("POST", path, body)).status).toBe(200);
  const callback = await server.receiver.waitFor((received) => received.body["requestID"] === requestID);
  return callback.body["voucherInstructions"] as Item[];
}

async function show(serialNumber: string): Promise<Readonly<Record<string, unknown>>> {
  return (await server.institution.call("GET", `/vouchers/${serialNumber}`)).body;
}

async function enrol(): Promise<BareNode> {
  const store = testStore(server.client.pool);
  const code = await issueEnrolmentCode(store, (length) => randomBytes(length), {
    merchantId: "shop-1",
    nodeName: "till",
    validHours: 1,
  });
  return BareNode.enrol(server.url, code);
}

async function funding(groupCode: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find(({ id }) => id === `funding:${groupCode}:USD`)?.amountMinor ?? 0n;
}

async function openAlerts(): Promise<number> {
  const { rowCount } = await server.client.pool.query(
    `select from alerts where kind = 'restock' and subject = 'group:STK:USD' and ended_at is null`,
  );
  return rowCount ?? 0;
}
