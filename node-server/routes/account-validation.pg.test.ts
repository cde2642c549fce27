/** A payer bank is asked about accounts that it keeps, over HTTP, and answers in every way that banks do. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Institution } from "../../test/support/institution.ts";
import { startPayerBank } from "../../test/support/payer-bank.ts";
import type { PayerBank } from "../../test/support/payer-bank.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { putPayerBank } from "../postgres/disbursement-admin.ts";

let server: TestServer;
let bank: PayerBank;
let bankAsCaller: Institution;
let used = 0;

beforeAll(async () => {
  server = await startTestServer({ publicUrl: "https://payments.example/" });
  bank = await startPayerBank();
  const { client, url, issuer, receiver, institution } = server;
  bankAsCaller = new Institution("central", url, issuer, receiver, institution.keys);
  await bankAsCaller.register(client.pool);
  await putPayerBank(client.pool, { institutionId: "central", url: bank.url });
});

afterAll(async () => {
  bank.close();
  await server.close();
});

const accounts = [
  { instructionID: "i-1", financialAddress: "KE-1", amount: 12.5, currency: "USD", narration: "May" },
  { instructionID: "i-2", financialAddress: "KE-2" },
];

const ask = (correlation: string, body: object) =>
  server.institution.call("POST", "/beneficiaries?command=validate", body, {
    "X-Registering-Institution-ID": "welfare",
    "X-CorrelationID": correlation,
    "X-Callback-URL": server.receiver.url,
  });

/** Asks our server about accounts of a bank; the batch's id and the correlation id are new. */
async function askUs(destinationDFSPID = "central", creditInstructions: readonly object[] = accounts) {
  used += 1;
  const [batchId, correlation] = [`batch-${used}`, `ask-${used}`];
  const answer = await ask(correlation, { batchId, destinationDFSPID, creditInstructions });
  return { batchId, correlation, answer };
}

async function asked() {
  const us = await askUs();
  expect(us.answer.status).toBe(202);
  return { ...us, question: await bank.waitFor(us.batchId) };
}

const answerAs = (
  who: Institution,
  clientCorrelationId: string,
  batchId: string,
  failed: readonly object[],
) =>
  who.call("POST", "/beneficiaries/validation/confirmation", {
    clientCorrelationId,
    batchId,
    numberOfFailedCases: failed.length,
    failedAccountLookups: failed,
  });

const told = (correlation: string) =>
  server.receiver.received
    .filter(({ body }) => body["clientCorrelationId"] === correlation)
    .map(({ body }) => body);

const waitForWord = (correlation: string, times = 1) =>
  server.receiver.waitFor(() => told(correlation).length >= times);

async function progress(correlation: string) {
  return (await server.institution.call("GET", `/identityAccountMapper/requests/${correlation}`)).body;
}

async function kept(correlation: string) {
  const { rows } = await server.client.pool.query<{
    request: bigint;
    outcome: string | null;
    last_error: string | null;
    tries: number;
  }>(
    `select v.request, v.outcome, v.last_error, v.tries from account_validations v
     join mapper_requests r on r.id = v.request where r.request_id = $1`,
    [correlation],
  );
  const [row] = rows;
  if (!row) throw new Error("nothing was kept");
  return row;
}

/** As whoever waits does, and the queue after its waits: the same request once more. */
async function askAgain(correlation: string): Promise<void> {
  const again = { batchId: correlation.replace("ask", "batch"), destinationDFSPID: "central" };
  expect((await ask(correlation, { ...again, creditInstructions: accounts })).status).toBe(202);
}

async function letTimePass(correlation: string): Promise<void> {
  const { pool } = server.client;
  const { request } = await kept(correlation);
  await pool.query("alter table account_validations disable trigger account_validations_guard");
  await pool.query(
    "update account_validations set asked_at = asked_at - interval '5 hours' where request = $1",
    [request],
  );
  await pool.query("alter table account_validations enable trigger account_validations_guard");
}

async function openAlerts(kind: string): Promise<number> {
  const { rows } = await server.client.pool.query("select from alerts where kind = $1 and ended_at is null", [
    kind,
  ]);
  return rows.length;
}

const unknownAccount = { instructionID: "i-2", failureReason: "No such account" };

describe("a payer bank", () => {
  test("is asked as the contract says, and what it says is kept, shown and told by callback", async () => {
    const { batchId, correlation, question } = await asked();
    expect(question).toMatchObject({
      path: "/beneficiaries?command=validate",
      callbackUrl: "https://payments.example/beneficiaries/validation/confirmation",
      institution: "welfare",
      body: {
        batchId,
        destinationDFSPID: "central",
        creditInstructions: [accounts[0], accounts[1]],
      },
    });
    expect(await progress(correlation)).toMatchObject({ state: expect.not.stringMatching("complete") });
    expect((await answerAs(bankAsCaller, question.correlationId, batchId, [unknownAccount])).status).toBe(
      202,
    );
    await waitForWord(correlation);
    expect(told(correlation)).toEqual([
      {
        clientCorrelationId: correlation,
        batchId,
        numberOfFailedCases: 1,
        failedAccountLookups: [unknownAccount],
      },
    ]);
    expect(await progress(correlation)).toMatchObject({ total: 2, done: 2, failed: 1 });
    expect(await kept(correlation)).toMatchObject({ outcome: "answered" });
    const { rows } = await server.client.pool.query(
      "select from mapper_items where request = $1 and address_token is not null",
      [(await kept(correlation)).request],
    );
    expect(rows).toHaveLength(0);
  });

  test("that answers twice is heard once; another answer is refused and an operator told; nobody else answers for it", async () => {
    const { batchId, correlation, question } = await asked();
    const { correlationId } = question;
    expect((await answerAs(server.institution, correlationId, batchId, [])).status).toBe(404);
    expect((await answerAs(bankAsCaller, "never-asked", batchId, [])).status).toBe(404);
    expect((await answerAs(bankAsCaller, correlationId, batchId, [])).status).toBe(202);
    expect(await answerAs(bankAsCaller, correlationId, batchId, [])).toMatchObject({
      status: 202,
      body: { outcome: "taken before" },
    });
    expect((await answerAs(bankAsCaller, correlationId, batchId, [unknownAccount])).status).toBe(409);
    expect(await openAlerts("account-validation-contradicted")).toBe(1);
    expect(await progress(correlation)).toMatchObject({ failed: 0 });
    await waitForWord(correlation);
    expect(told(correlation)).toMatchObject([{ numberOfFailedCases: 0 }]);
  });

  test("that answers rubbish is asked on, and heard once it answers what was asked", async () => {
    const { batchId, correlation, question } = await asked();
    const { correlationId: clientCorrelationId } = question;
    const right = {
      clientCorrelationId,
      batchId,
      numberOfFailedCases: 1,
      failedAccountLookups: [unknownAccount],
    };
    for (const wrong of [
      "yes, all of them",
      {},
      { ...right, numberOfFailedCases: 2 },
      { ...right, numberOfFailedCases: 0, failedAccountLookups: "none" },
      { ...right, batchId: "another batch" },
      { ...right, failedAccountLookups: [{ ...unknownAccount, instructionID: "i-9" }] },
      { ...right, numberOfFailedCases: 2, failedAccountLookups: [unknownAccount, unknownAccount] },
      { ...right, failedAccountLookups: [{ ...unknownAccount, failureReason: "x".repeat(101) }] },
    ]) {
      const answer = await bankAsCaller.call("POST", "/beneficiaries/validation/confirmation", wrong);
      expect(answer.status, JSON.stringify(wrong)).toBe(400);
    }
    expect(await kept(correlation)).toMatchObject({ outcome: null });
    expect(await openAlerts("account-validation-does-not-fit")).toBe(1);
    await askAgain(correlation);
    expect((await bank.waitFor(batchId, 2)).correlationId).toBe(clientCorrelationId);
    expect((await bankAsCaller.call("POST", "/beneficiaries/validation/confirmation", right)).status).toBe(
      202,
    );
    await waitForWord(correlation);
  });

  test("that fails or cannot be reached is asked again under the same id, and the failure is kept", async () => {
    bank.failNext(503);
    const { batchId, correlation, question } = await asked();
    await expect.poll(async () => (await kept(correlation)).last_error).toBe("the bank answered 503");
    await askAgain(correlation);
    expect((await bank.waitFor(batchId, 2)).correlationId).toBe(question.correlationId);
    await expect.poll(() => kept(correlation)).toMatchObject({ outcome: null, last_error: null, tries: 2 });
    const { pool } = server.client;
    await putPayerBank(pool, { institutionId: "central", url: "http://127.0.0.1:1" });
    await askAgain(correlation);
    await expect.poll(async () => (await kept(correlation)).last_error).not.toBeNull();
    await putPayerBank(pool, { institutionId: "central", url: bank.url });
    expect((await answerAs(bankAsCaller, question.correlationId, batchId, [])).status).toBe(202);
  });

  test("that takes no such question ends it: nobody knows of the accounts, and that is what is told", async () => {
    bank.failNext(422);
    const { correlation } = await asked();
    await waitForWord(correlation);
    const failureReason = "Not Validated: the bank takes no such question";
    expect(told(correlation)).toMatchObject([
      { numberOfFailedCases: 2, failedAccountLookups: [{ failureReason }, { failureReason }] },
    ]);
    expect(await kept(correlation)).toMatchObject({ outcome: "refused" });
  });

  test("that is silent is told of after its time; its answer still counts when it comes, and is told again", async () => {
    const { batchId, correlation, question } = await asked();
    await letTimePass(correlation);
    await askAgain(correlation);
    await waitForWord(correlation);
    const failureReason = "Not Validated: the bank has not answered";
    expect(told(correlation)).toMatchObject([
      { failedAccountLookups: [{ failureReason }, { failureReason }] },
    ]);
    expect(await openAlerts("account-validation-silent")).toBe(1);
    const questions = bank.asked.length;
    await askAgain(correlation);
    // Who asks again after the end is told again what it was.
    await waitForWord(correlation, 2);
    expect(bank.asked).toHaveLength(questions);
    const late = await answerAs(bankAsCaller, question.correlationId, batchId, [unknownAccount]);
    expect(late).toMatchObject({ status: 202, body: { outcome: expect.stringMatching(/told again/) } });
    await waitForWord(correlation, 3);
    expect(told(correlation)[2]).toMatchObject({ failedAccountLookups: [unknownAccount] });
    expect(await kept(correlation)).toMatchObject({ outcome: "late" });
    expect(await openAlerts("account-validation-silent")).toBe(0);
    expect((await answerAs(bankAsCaller, question.correlationId, batchId, [])).status).toBe(409);
  });
});

test("accounts of a bank that is not registered are looked for in our own mapper, as before", async () => {
  const { correlation, answer } = await askUs("elsewhere");
  expect(answer.status).toBe(202);
  await waitForWord(correlation);
  expect(told(correlation)).toMatchObject([{ numberOfFailedCases: 2 }]);
  expect(bank.asked.filter(({ body }) => body["destinationDFSPID"] === "elsewhere")).toEqual([]);
});

test("accounts are told apart by their instruction: two of one id are refused, and the bank is not asked", async () => {
  const { answer, batchId } = await askUs("central", [accounts[0]!, accounts[0]!]);
  expect(answer.status).toBe(400);
  expect(bank.asked.filter(({ body }) => body["batchId"] === batchId)).toEqual([]);
});
