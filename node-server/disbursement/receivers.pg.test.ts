/** Batches that are paid through a mobile-money provider and a bank over real HTTP. Both are simulated. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agency, payment } from "../../test/support/agency.ts";
import type { Payment } from "../../test/support/agency.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { startMobileMoney } from "../../test/support/mobile-money.ts";
import type { MobileMoneyServer } from "../../test/support/mobile-money.ts";
import { startReceivingBank } from "../../test/support/receiving-bank.ts";
import type { BankBehaviour, ReceivingBank } from "../../test/support/receiving-bank.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundAgency } from "../ledger/entries.ts";
import { putReceivingInstitution } from "../postgres/disbursement-admin.ts";
import { trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let agency: Agency;
let provider: MobileMoneyServer;
let bank: ReceivingBank;

beforeAll(async () => {
  provider = await startMobileMoney();
  bank = await startReceivingBank();
  server = await startTestServer();
  const { pool } = server.client;
  agency = new Agency(server.institution);
  await agency.setUp(pool);
  await putReceivingInstitution(pool, {
    id: "MPESA",
    name: "Mobile money",
    rail: "non-bank",
    gateway: "mobile-money",
    url: provider.url,
    perSecond: null,
    defaultFor: ["msisdn"],
  });
  await putReceivingInstitution(pool, {
    id: "KCB",
    name: "A bank",
    rail: "bank",
    gateway: "bank",
    url: bank.url,
    perSecond: null,
    defaultFor: ["account"],
  });
  await putReceivingInstitution(pool, {
    id: "LEDGER",
    name: "Our own ledger",
    rail: "non-bank",
    gateway: "ledger",
    url: null,
    perSecond: null,
    defaultFor: ["wallet"],
  });
  await fundForTest(pool, fundAgency("t-1", "welfare", { amountMinor: 100_000_000n, currency: "USD" }));
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
  provider.close();
  bank.close();
});

let used = 0;
function some(count: number, key: string): Payment[] {
  used += count;
  return Array.from({ length: count }, (_, index) => {
    const one = payment(used - count + index);
    return key === "msisdn" ? one : { ...one, creditParty: [{ key, value: `acc-${used - count + index}` }] };
  });
}

async function settled(payments: readonly Payment[]): Promise<Readonly<Record<string, unknown>>> {
  const batchId = await agency.batch(payments);
  await agency.approve(batchId);
  await agency.waitForState(batchId, "settled");
  return agency.summary(batchId);
}

test("a provider's callback makes us ask it, so that an asynchronous credit is known at once", async () => {
  provider.next.push("completes-later", "fails-later", "completes-when-polled");
  expect(await settled(some(4, "msisdn"))).toMatchObject({ completed: 3, failed: 1 });
  expect(new Set(provider.books.arrivals).size).toBe(provider.books.arrivals.length);
  const { rows } = await server.client.pool.query(
    "select reason_code, reason from credit_instructions where state = 'failed'",
  );
  expect(rows).toEqual([{ reason_code: "AC06", reason: "accountBarred: said by the simulated provider" }]);
});

test("a callback that anybody sends is believed nothing", async () => {
  const forged = await fetch(`${server.url}/mobile-money/callbacks`, {
    method: "PUT",
    headers: { "X-CorrelationID": "00000000-0000-0000-0000-000000000000" },
    body: JSON.stringify({ transactionStatus: "completed" }),
  });
  expect(forged.status).toBe(204);
  const unknown = await server.institution.call("POST", "/api/v1/batch?batchId=nothing", {});
  expect(unknown.status).toBe(404);
});

test.each<[string, readonly BankBehaviour[], number]>([
  ["takes it", ["takes"], 1],
  ["takes it, and its answer is lost", ["takes-unheard"], 1],
  ["takes half of it and breaks", ["takes-half"], 2],
  ["never gets it, twice", ["lost", "unavailable"], 3],
])("a bank that %s: each account is credited once", async (_what, behaviours, sendings) => {
  bank.next.push(...behaviours);
  const before = bank.arrived.length;
  const payments = some(6, "account");
  expect(await settled(payments)).toMatchObject({ completed: 6, failed: 0 });
  expect(bank.arrived.length - before).toBe(sendings);
  for (const { creditParty } of payments) expect(bank.credited.get(creditParty[0]?.value ?? "")).toBe(1);
  expect(bank.arrived.at(-1)).toMatchObject({
    destinationDFSPID: "KCB",
    batchId: expect.stringMatching(/^.{36}-1$/),
  });
  for (const { instructionID } of bank.arrived.at(-1)?.creditInstructions ?? [])
    expect(instructionID.length).toBeLessThanOrEqual(16);
});

test("what a bank refuses, or fails at for one account, has its reason", async () => {
  bank.next.push("refuses");
  expect(await settled(some(2, "account"))).toMatchObject({ completed: 0, failed: 2 });
  const [bad, good] = some(2, "account");
  if (!bad || !good) throw new Error("no payments");
  bank.closed.add(bad.creditParty[0]?.value ?? "");
  expect(await settled([bad, good])).toMatchObject({ completed: 1, failed: 1 });
  const { rows } = await server.client.pool.query<{ reason: string }>(
    "select distinct reason from credit_instructions where state = 'failed' and rail = 'bank' order by 1",
  );
  expect(rows.map(({ reason }) => reason)).toEqual(["The bank refuses: limit exceeded", "account closed"]);
});

test("who keeps money with us is credited in our own ledger", async () => {
  expect(await settled(some(3, "wallet"))).toMatchObject({ completed: 3 });
  const payees = (await trialBalance(server.client.pool)).filter(({ kind }) => kind === "payee");
  expect(payees.map(({ amountMinor }) => amountMinor)).toEqual([1_000n, 1_000n, 1_000n]);
});
