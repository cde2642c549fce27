/** An agent's real node, its real server and a biller over HTTP: bills come by shapes, are paid offline, and are settled. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { luhnDigit } from "#core/voucher-number.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { BillParty, isAdvice, registerBiller } from "../../test/support/bill-party.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { Till } from "../../test/support/installation.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import type { RealTill } from "../../test/support/real-till.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { floatLeft } from "../../desktop/worker/pay-bill.ts";
import { fundFloat } from "../ledger/bill-entries.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { listRefunds, putAgentBiller } from "../postgres/agent-admin.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let power: BillParty;
let bills = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  power = await BillParty.start("power", server);
  await registerBiller(pool, power, {
    prefix: "EL",
    ownDigits: 8,
    checkDigit: "luhn",
    voucherGroups: ["FOO"],
  });
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(pool, fundGroup("t", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  for (const id of ["agent-1", "agent-2"]) {
    await putMerchant(pool, { id, name: id, accepts: ["FOO"] });
    await putAgentBiller(pool, { merchantId: id, billerId: "power", area: null });
    await fundForTest(pool, fundFloat("t", id, { amountMinor: 10_000n, currency: "USD" }, 0n));
  }
});

beforeEach(() => {
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
});

afterAll(async () => {
  await power?.close();
  await server?.close();
});

async function newBill(amountOnDueDate = 20): Promise<string> {
  bills++;
  const own = String(1_000_000 + bills);
  const billId = `EL${own}${luhnDigit(own)}`;
  const told = await power.call("POST", `/bills/${billId}`, {
    billDetails: { amountOnDueDate, currency: "USD", payerName: `Payer ${bills}` },
  });
  expect(told.status).toBe(202);
  return billId;
}

function pay(till: RealTill, billId: string) {
  return till.node.payBill({ billId, actor: "Ann" });
}

/** Syncs until the operation has its final verdict. */
async function settled(till: RealTill, sequence: number): Promise<{ state: string; reason: string | null }> {
  const state = async () => {
    await till.node.sync();
    return till.stores.queue.find(sequence)?.state;
  };
  await expect.poll(state, { timeout: 50_000, interval: 300 }).toMatch(/applied|rejected/);
  const { state: final = "", reason = null } = till.stores.queue.find(sequence) ?? {};
  return { state: final, reason };
}

describe("an agent's till", () => {
  test("finds bills by number and name, takes cash offline within the float, and is told the verdict on the same receipt", async () => {
    const till = await enrolRealTill(server, "agent-1");
    const billId = await newBill();
    await till.node.sync();
    expect(till.stores.bills.search(billId.slice(0, 6), 10).map((bill) => bill.billId)).toContain(billId);
    expect(till.stores.bills.search(`payer ${bills}`, 10)).toMatchObject([{ billId, status: "open" }]);
    const left = floatLeft(till.stores, "USD");
    const paid = await pay(till, billId);
    if (!paid.ok) throw new Error(paid.refusal.code);
    expect(floatLeft(till.stores, "USD")).toBe(left - 2000n);
    expect(await pay(till, billId)).toMatchObject({ refusal: { code: "paid-here" } });
    expect(till.stores.bills.ofBill(billId)).toMatchObject([{ state: "queued", live: true }]);
    expect(await settled(till, paid.paid.sequence)).toEqual({ state: "applied", reason: null });
    expect(till.stores.bills.ofBill(billId)).toMatchObject([
      { state: "applied", operationId: paid.paid.operationId },
    ]);
    await till.node.sync();
    expect(floatLeft(till.stores, "USD")).toBe(left - 2000n);
    expect(till.stores.bills.bill(billId)?.status).toBe("paid");
  });

  test("refuses what is mistyped, unknown, paid, of nobody, or beyond the float, and records nothing", async () => {
    const till = await enrolRealTill(server, "agent-1");
    const [billId, large] = [await newBill(), await newBill(5_000)];
    await till.node.sync();
    const mistyped = billId.slice(0, -1) + String((Number(billId.at(-1)) + 1) % 10);
    const refusal = async (id: string) => {
      const outcome = await pay(till, id);
      return outcome.ok ? undefined : outcome.refusal.code;
    };
    expect(await refusal(mistyped)).toBe("wrong-check-digit");
    expect(await refusal("EL99999997")).toBe("unknown-bill");
    expect(await refusal("WA12345674")).toBe("unknown-biller");
    expect(await refusal(large)).toBe("float-too-small");
    expect(till.stores.queue.head().sequence).toBe(0);
  });

  test("that takes money for a bill which another took before is told who gives it back, and its float is whole again", async () => {
    const [one, two] = [await enrolRealTill(server, "agent-1"), await enrolRealTill(server, "agent-2")];
    const billId = await newBill();
    await one.node.sync();
    await two.node.sync();
    const left = floatLeft(two.stores, "USD");
    const [first, second] = [await pay(one, billId), await pay(two, billId)];
    if (!first.ok || !second.ok) throw new Error("the bill was not taken");
    expect(await settled(one, first.paid.sequence)).toMatchObject({ state: "applied" });
    expect(await settled(two, second.paid.sequence)).toEqual({ state: "rejected", reason: "bill-paid" });
    expect(floatLeft(two.stores, "USD")).toBe(left);
    expect(two.stores.bills.ofBill(billId)).toMatchObject([{ live: false, reason: "bill-paid" }]);
    const refunds = await listRefunds(server.client.pool, false);
    expect(refunds.filter((refund) => refund.billId === billId)).toMatchObject([
      { merchantId: "agent-2", amountMinor: 2000n },
    ]);
  });

  test("pays a bill with a voucher that is leased to it, which it then neither redeems nor gives back", async () => {
    const till = await enrolRealTill(server, "agent-1");
    const billId = await newBill();
    const [voucher] = await server.institution.createVouchers("FOO", [20]);
    if (!voucher) throw new Error("no voucher was made");
    await server.institution.activate([voucher.serialNumber], { leaseTo: till.nodeId });
    await till.node.sync();
    const serial = BigInt(voucher.serialNumber);
    const request = { billId, actor: "Ann", voucher: { serial, number: voucher.number } };
    const wrong = { ...request, voucher: { serial, number: "1234567890123452" } };
    expect(await till.node.payBill(wrong)).toMatchObject({
      refusal: { code: "voucher-refused", refusal: { code: "wrong-number" } },
    });
    const paid = await till.node.payBill(request);
    if (!paid.ok) throw new Error(paid.refusal.code);
    expect(await till.redeem(voucher)).toMatchObject({
      kind: "refused",
      refusal: { code: "pays-a-bill-here" },
    });
    expect(till.node.release(serial, "Ann")).toMatchObject({ ok: false });
    expect(await settled(till, paid.paid.sequence)).toMatchObject({ state: "applied" });
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
  });
});

test("the command line finds a bill with its age, takes cash for it offline, refuses it a second time and shows the verdict", async () => {
  const code = await issueEnrolmentCode(testStore(server.client.pool), webRandomBytes, {
    merchantId: "agent-1",
    nodeName: "till 9",
    validHours: 1,
  });
  const till = new Till("till 9", mkdtempSync(join(tmpdir(), "paypost-agent-")));
  expect((await till.run("enrol", "--server", server.url, "--code", code)).code).toBe(0);
  const billId = await newBill(15);
  await till.run("sync");
  const { json: found } = await till.run("bills", "--find", billId);
  expect(found).toMatchObject({
    bills: [{ billId, amountDue: "15.00", currency: "USD", standing: "open", daysOverdue: 0 }],
    floats: [{ currency: "USD" }],
  });
  const taken = await till.run("pay-bill", "--bill", billId, "--offline", "--actor", "Ann");
  expect(taken).toMatchObject({ code: 0, json: { outcome: "received", credited: false, amount: "15.00" } });
  const again = await till.run("pay-bill", "--bill", billId, "--offline");
  expect(again).toMatchObject({ code: 3, json: { outcome: "refused" } });
  const state = async () => {
    await till.run("sync");
    const { json } = await till.run("queue");
    return (json["operations"] as { operationId: string; state: string }[])[0];
  };
  await expect
    .poll(state, { timeout: 150_000, interval: 300 })
    .toMatchObject({ operationId: taken.json["operationId"], type: "pay-bill", state: "applied" });
  rmSync(till.folder, { recursive: true });
  // Some ten processes, each with a key to unwrap.
}, 240_000);

test("and the books balance", async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(0n);
});
