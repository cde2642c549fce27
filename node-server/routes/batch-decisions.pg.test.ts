/** Two people and a bank release a batch; nothing goes before both have (B1), over HTTP against the running server. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agency, payment } from "../../test/support/agency.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { Institution } from "../../test/support/institution.ts";
import { startPayerBank } from "../../test/support/payer-bank.ts";
import type { PayerBank } from "../../test/support/payer-bank.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { authoriseFunds } from "../disbursement/authorise.ts";
import { startBatch } from "../disbursement/start.ts";
import { createAddresses } from "../addresses.ts";
import { fundAgency } from "../ledger/entries.ts";
import { loadServerKeys } from "../keys.ts";
import { putDisbursementFee, putDisbursementTerms, putPayerBank } from "../postgres/disbursement-admin.ts";
import { trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let agency: Agency;
let bank: PayerBank;
let bankAsCaller: Institution;

const farAway = "executeAt=2099-01-01T00:00:00Z";
let used = 0;
const next = (changes = {}) => payment((used += 1), changes);

beforeAll(async () => {
  server = await startTestServer({ publicUrl: "https://payments.example/" });
  agency = new Agency(server.institution);
  bank = await startPayerBank();
  const { client, url, issuer, receiver, institution } = server;
  bankAsCaller = new Institution("central-bank", url, issuer, receiver, institution.keys);
  await bankAsCaller.register(client.pool);
  await putPayerBank(client.pool, { institutionId: "central-bank", url: bank.url });
  await agency.setUp(client.pool);
  await fundForTest(client.pool, fundAgency("t-1", "welfare", { amountMinor: 100_000n, currency: "USD" }));
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  bank.close();
  await server.close();
});

describe("the approval", () => {
  test("is a signatory's signature over the batch, kept with its key; it is told to the sender", async () => {
    const batchId = await agency.batch([next()], `type=raw&${farAway}`);
    expect(await agency.approve(batchId)).toMatchObject({
      status: 200,
      body: { approvedBy: "Ada Approver" },
    });
    await agency.waitForState(batchId, "scheduled");
    expect(await agency.approve(batchId)).toMatchObject({ status: 200 });
    const { rows } = await server.client.pool.query<Record<string, Buffer>>(
      "select approval_signature, approval_key from disbursement_batches where batch_id = $1",
      [batchId],
    );
    expect(rows[0]?.["approval_signature"]).toHaveLength(64);
    expect(new Uint8Array(rows[0]?.["approval_key"] ?? [])).toEqual(agency.key.publicKey);
    const notes = async () =>
      server.receiver.received
        .filter(({ body }) => body["batchId"] === batchId)
        .map(({ body }) => body["note"]);
    await server.receiver.waitFor(({ body }) => body["note"] === "The funds are authorised");
    expect(await notes()).toContain("Approved by Ada Approver");
  });

  test("another batch's signature, an unconfirmed signatory and the submitter are refused; nothing is asked of a bank", async () => {
    const batchId = await agency.batch([next()]);
    const other = await agency.batch([next()]);
    const { body } = await agency.institution.call("GET", `/batches/${other}/approval`);
    const wrong = { signature: agency.sign(String(body["toSign"])) };
    expect((await agency.approve(batchId, wrong)).status).toBe(400);
    expect((await agency.approve(batchId, { approver: "Nobody" })).status).toBe(403);
    expect((await agency.summary(batchId))["state"]).toBe("received");
    const own = await agency.submit([next()], {
      headers: { authorization: `Bearer ${await server.issuer.token("welfare", { sub: agency.signatory })}` },
    });
    expect((await agency.approve(String(own.body["batchId"]))).status).toBe(403);
  });

  test("may be refused instead; the batch's ids and payments are then free for another", async () => {
    const one = next();
    const batchId = await agency.batch([one]);
    expect(await agency.command(batchId, "reject")).toMatchObject({ body: { state: "rejected" } });
    expect((await agency.approve(batchId)).status).toBe(409);
    expect((await agency.submit([one])).status).toBe(202);
  });

  test("what was approved cannot be changed in the database, and what was changed there is not executed", async () => {
    const batchId = await agency.batch([next()], `type=raw&${farAway}`);
    await agency.approve(batchId);
    await agency.waitForState(batchId, "scheduled");
    const { pool } = server.client;
    const update = pool.query("update disbursement_batches set total_minor = 1 where batch_id = $1", [
      batchId,
    ]);
    await expect(update).rejects.toMatchObject({ constraint: "batch_content_is_final" });
    const id = await idOf(batchId);
    await pool.query("alter table credit_instructions disable trigger all");
    await pool.query("update credit_instructions set narration = 'changed' where batch = $1", [id]);
    await pool.query("alter table credit_instructions enable trigger all");
    await pool.query("update disbursement_batches set execute_at = null where id = $1", [id]);
    const keys = await loadServerKeys(server.keysFolder);
    const addresses = createAddresses(keys.addressKey, () => new Uint8Array(24));
    await startBatch({ store: testStore(pool), addresses }, id);
    expect((await agency.summary(batchId))["state"]).toBe("scheduled");
    const { rows } = await pool.query("select from alerts where kind = 'batch-differs-from-approved'");
    expect(rows).toHaveLength(1);
    await agency.command(batchId, "cancel");
  });
});

describe("funds in our own ledger", () => {
  test("are held with the fees; without enough the batch is unfunded, and cancelling gives them back", async () => {
    const { pool } = server.client;
    await putDisbursementFee(pool, {
      institutionId: "welfare",
      currency: "USD",
      fixedMinor: 25n,
      basisPoints: 100,
    });
    const before = await balance("agency:welfare:USD");
    const batchId = await agency.batch([next({ amount: 20 })], `type=raw&${farAway}`);
    await agency.approve(batchId);
    await agency.waitForState(batchId, "scheduled");
    // 20.00, and 0.25 + 1 %.
    expect(await balance("agency:welfare:USD")).toBe(before - 2045n);
    expect(await balance(`disbursement:${await idOf(batchId)}:USD`)).toBe(2045n);
    expect(await agency.command(batchId, "cancel")).toMatchObject({ body: { state: "cancelled" } });
    expect(await balance("agency:welfare:USD")).toBe(before);
    const poor = await agency.batch([next({ amount: 1_000_000 })]);
    await agency.approve(poor);
    await agency.waitForState(poor, "unfunded");
    expect((await agency.summary(poor))["note"]).toMatch(/does not cover/);
  });
});

describe("a payer bank", () => {
  beforeAll(() => putDisbursementTerms(server.client.pool, { ...terms, payerBank: "central-bank" }));
  afterAll(() => putDisbursementTerms(server.client.pool, terms));

  test("is asked under one correlation id with the amount and its fees, and says yes", async () => {
    const batchId = await approved();
    const asked = await bank.waitFor(batchId);
    expect(asked).toMatchObject({
      path: `/batches/${batchId}?command=authorize`,
      callbackUrl: `https://payments.example/batches/${batchId}/authorization`,
      body: { batchID: batchId, payerIdentifier: "TSA-1", currency: "USD", amount: 10.35 },
    });
    expect(await answer(batchId, asked.correlationId, "Y")).toMatchObject({ status: 202 });
    expect((await agency.summary(batchId))["state"]).toBe("scheduled");
    expect(await balance(`disbursement:${await idOf(batchId)}:USD`)).toBe(1035n);
    expect(await answer(batchId, asked.correlationId, "Y")).toMatchObject({ status: 202 });
    expect(await answer(batchId, asked.correlationId, "N")).toMatchObject({ status: 409 });
    expect(await balance(`disbursement:${await idOf(batchId)}:USD`)).toBe(1035n);
  });

  test("says no: the batch ends, with the bank's reason", async () => {
    const batchId = await approved();
    const { correlationId } = await bank.waitFor(batchId);
    await answer(batchId, correlationId, "N", "account blocked");
    expect(await agency.summary(batchId)).toMatchObject({ state: "unfunded", note: "account blocked" });
  });

  test("is silent, or fails: it is asked again under the same id, and an operator is told", async () => {
    bank.failNext(500);
    const batchId = await approved();
    await bank.waitFor(batchId);
    const { pool } = server.client;
    await pool.query("alter table funds_authorisations disable trigger funds_authorisations_guard");
    await pool.query(
      "update funds_authorisations set asked_at = asked_at - interval '5 hours' where answer is null",
    );
    await pool.query("alter table funds_authorisations enable trigger funds_authorisations_guard");
    const asked: string[] = [];
    const askBank = async ({ correlationId }: { readonly correlationId: string }) =>
      void asked.push(correlationId);
    await authoriseFunds(testStore(pool), askBank, await idOf(batchId));
    const { correlationId } = await bank.waitFor(batchId);
    expect(asked).toEqual([correlationId]);
    const alerts = () =>
      pool.query("select from alerts where kind = 'funds-authorisation-silent' and ended_at is null");
    expect((await alerts()).rows).toHaveLength(1);
    expect((await agency.summary(batchId))["state"]).toBe("authorising");
    await answer(batchId, correlationId, "Y");
    expect((await agency.summary(batchId))["state"]).toBe("scheduled");
    expect((await alerts()).rows).toHaveLength(0);
  });

  test("answers too late: the batch was called off, nothing is held, and an operator is told", async () => {
    const batchId = await approved();
    const { correlationId } = await bank.waitFor(batchId);
    await agency.command(batchId, "cancel");
    const late = await answer(batchId, correlationId, "Y");
    expect(late).toMatchObject({ status: 202, body: { outcome: expect.stringMatching(/too late/) } });
    expect((await agency.summary(batchId))["state"]).toBe("cancelled");
    const { rows } = await server.client.pool.query(
      "select from alerts where kind = 'funds-authorised-too-late'",
    );
    expect(rows).toHaveLength(1);
  });

  test("nobody else answers for it", async () => {
    const batchId = await approved();
    const { correlationId } = await bank.waitFor(batchId);
    const forged = { clientCorrelationId: correlationId, status: "Y", reason: "" };
    const path = `/batches/${batchId}/authorization`;
    expect((await agency.institution.call("POST", path, forged)).status).toBe(404);
    expect((await agency.summary(batchId))["state"]).toBe("authorising");
  });
});

test("asked as a payer bank ourselves, we answer for the caller's own money by callback", async () => {
  const ask = async (amount: number, payerIdentifier = "TSA-1") => {
    const correlationId = agency.nextCorrelationId();
    const body = { batchID: "B-77", payerIdentifier, currency: "USD", amount };
    const answered = await agency.institution.call("POST", "/batches/B-77?command=authorize", body, {
      "X-CorrelationID": correlationId,
    });
    expect(answered.status).toBe(202);
    const told = await server.receiver.waitFor(
      ({ body: told }) => told["clientCorrelationId"] === correlationId,
    );
    return told.body;
  };
  expect(await ask(1)).toMatchObject({ status: "Y" });
  expect(await ask(10_000_000)).toMatchObject({
    status: "N",
    reason: expect.stringMatching(/does not cover/),
  });
  expect(await ask(1, "somebody")).toMatchObject({ status: "N" });
});

test("a batch after another waits for its settlement, and says so when there will be none", async () => {
  const first = await agency.batch([next()], `type=raw&${farAway}`);
  await agency.approve(first);
  const second = await agency.batch([next()], `type=raw&afterBatch=${first}`);
  await agency.approve(second);
  await agency.waitForState(second, "scheduled");
  await agency.command(first, "cancel");
  const { pool } = server.client;
  const addresses = createAddresses(new Uint8Array(32), () => new Uint8Array(24));
  await startBatch({ store: testStore(pool), addresses }, await idOf(second));
  expect((await agency.summary(second))["state"]).toBe("scheduled");
  expect((await pool.query("select from alerts where kind = 'batch-waits-in-vain'")).rows).toHaveLength(1);
  expect((await agency.submit([next()], { query: "type=raw&afterBatch=unknown" })).status).toBe(400);
});

const terms = {
  institutionId: "welfare",
  payerBank: null,
  payerIdentifier: "TSA-1",
  countryCode: "254",
  voucherGroup: null,
  duplicateDays: 20,
  mostFailedPercent: null,
};

async function approved(): Promise<string> {
  const batchId = await agency.batch([next()], `type=raw&${farAway}`);
  expect((await agency.approve(batchId)).status).toBe(200);
  return batchId;
}

function answer(batchId: string, clientCorrelationId: string, status: "Y" | "N", reason = "") {
  const body = { clientCorrelationId, status, reason };
  return bankAsCaller.call("POST", `/batches/${batchId}/authorization`, body, {
    "X-Registering-Institution-ID": "central-bank",
  });
}

async function idOf(batchId: string): Promise<bigint> {
  const { rows } = await server.client.pool.query<{ id: bigint }>(
    "select id from disbursement_batches where batch_id = $1",
    [batchId],
  );
  return rows[0]?.id ?? 0n;
}

async function balance(account: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find(({ id }) => id === account)?.amountMinor ?? 0n;
}
