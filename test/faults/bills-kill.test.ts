/**
 * The server killed with SIGKILL between the two sides of a bill's payment: after it took the payer FI's notification,
 * while the biller is told, after the biller has answered, and while the payer FI is told.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { trialBalance } from "../../node-server/postgres/registry-admin.ts";
import { BillParty, isAdvice, link, registerBiller, registerPayerFi } from "../support/bill-party.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { prepareInstallation, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import type { Issuer } from "../support/issuer.ts";
import type { Running } from "../support/processes.ts";

let database: TestDatabase;
let client: DatabaseClient;
let folder: string;
let installation: Installation;
let running: Running;
/** Where the parties find the server; another port after each start. */
let place: { url: string; issuer: Issuer };
let biller: BillParty;
let bank: BillParty;

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 2 });
  folder = await mkdtemp(join(tmpdir(), "paypost-bills-kill-"));
  installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
  place = { url: "", issuer: installation.issuer };
  await begin();
  biller = await BillParty.start("power", place);
  bank = await BillParty.start("bank", place);
  await registerBiller(client.pool, biller, { prefix: "EL" });
  await registerPayerFi(client.pool, bank);
  await link(client.pool, biller, bank);
});

afterAll(async () => {
  running?.child.kill("SIGKILL");
  await running?.finished;
  for (const party of [biller, bank]) await party?.close();
  await installation?.receiver.close();
  await client?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function begin(): Promise<void> {
  const started = await startServer(installation);
  running = started.running;
  place.url = started.url;
}

async function killAndBegin(): Promise<void> {
  running.child.kill("SIGKILL");
  await running.finished;
  // As if the ten seconds had passed in which a living worker beats.
  await client.pool.query(
    `update pgboss.job set heartbeat_on = heartbeat_on - interval '10 seconds' where state = 'active'`,
  );
  await begin();
}

/** A bill that was inquired about. */
async function dueBill(billId: string): Promise<string> {
  const told = await biller.call("POST", `/bills/${billId}`, {
    billDetails: { amountOnDueDate: 30, currency: "USD" },
  });
  expect(told.status).toBe(202);
  return (await bank.inquire(billId)).requestId;
}

/** The next message of a party that matches stays unanswered: resolves when it is there. */
function holdNext(party: BillParty, matches: typeof isAdvice): Promise<void> {
  const arrived = Promise.withResolvers<void>();
  party.reactBefore = (message) => {
    if (!matches(message)) return undefined;
    party.reactBefore = () => {};
    arrived.resolve();
    // Its server is killed meanwhile: nobody reads the answer.
    return new Promise((resolve) => setTimeout(resolve, 2_000));
  };
  return arrived.promise;
}

test("a payment whose server was killed right after it took it, and while the biller was told, reaches the biller once it is back", async () => {
  const inquiry = await dueBill("EL-1");
  const told = holdNext(biller, isAdvice);
  const paid = await bank.pay("EL-1", inquiry);
  expect(paid.status).toBe(202);
  await told;
  await killAndBegin();
  // The first was answered to a server that was dead by then.
  await expect
    .poll(() => biller.receiver.received.filter(isAdvice).length, { timeout: 60_000, interval: 100 })
    .toBe(2);
  const advice = await biller.adviceOf(paid.reference);
  expect((await biller.settle(advice, "ACK")).status).toBe(202);
  expect((await bank.answerTo(paid.requestId)).body["status"]).toBe("ACK");
});

test("a biller's answer whose server was killed before the payer FI had heard of it reaches the payer FI", async () => {
  const inquiry = await dueBill("EL-2");
  const paid = await bank.pay("EL-2", inquiry);
  const advice = await biller.adviceOf(paid.reference);
  const told = holdNext(bank, ({ body }) => body["requestId"] === paid.requestId);
  expect((await biller.settle(advice, "RJC", "Und")).status).toBe(202);
  await told;
  await killAndBegin();
  const { body } = await bank.answerTo(paid.requestId);
  expect(body).toMatchObject({ status: "RJC", rejectReason: "Und" });
  // Asked again by who lost the answer: the same.
  expect((await biller.settle(advice, "RJC", "Und")).status).toBe(202);
});

test("killed at random while payments, answers and outcomes are under way, each payment has one outcome, which all know", async () => {
  biller.react = (message) => {
    if (!isAdvice(message)) return undefined;
    return untilTaken(() => biller.settle(message, Number(message.body["amount"]) === 30 ? "ACK" : "RJC"));
  };
  const inquiries: [string, string][] = [];
  for (let n = 10; n < 22; n++) inquiries.push([`EL-${n}`, await dueBill(`EL-${n}`)]);
  const payments = inquiries.map(([billId, inquiry]) => {
    const requestId = bank.nextRequestId();
    const body = { requestId, billId, billInquiryRequestId: inquiry, paymentReferenceID: `r-${billId}` };
    return { requestId, done: untilTaken(() => bank.call("POST", "/billTransferRequests", body)) };
  });
  for (const delay of [150, 900, 2_000]) {
    await new Promise((resolve) => setTimeout(resolve, delay));
    await killAndBegin();
  }
  await Promise.all(payments.map(({ done }) => done));
  for (const { requestId } of payments) expect((await bank.answerTo(requestId)).body["status"]).toBe("ACK");
  const { rows } = await client.pool.query(
    `select count(*)::int as paid, count(distinct bill_id)::int as bills from bill_payments
     where state = 'acknowledged' and reference like 'r-%'`,
  );
  expect(rows).toEqual([{ paid: 12, bills: 12 }]);
  const accounts = await trialBalance(client.pool);
  expect(accounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(0n);
  const of = (id: string) => accounts.find((account) => account.id === id)?.amountMinor;
  expect(of("billHeld:power:USD")).toBe(0n);
  expect(of("biller:power:USD")).toBe(13n * 3000n);
});

/** Sends until the server has taken it, as institutions do with one request id. */
async function untilTaken(send: () => Promise<{ readonly status: number }>): Promise<void> {
  for (;;) {
    const answer = await send().catch(() => undefined);
    if (answer && answer.status < 500) return expect(answer.status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
