import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { Answer } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putInstitution, putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { eraseSealedAnswers } from "../vouchers/one-zero/sealed-memory.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putVoucherGroup(pool, { code: "POR", name: "Poor", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"], account: "Till 1" });
  await putMerchant(pool, { id: "books-1", name: "Bookshop", accepts: ["POR"], account: "Till 1" });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
});

afterAll(() => server.close());

describe("who calls", () => {
  test.each([
    ["no token", "", 401],
    ["a token without the scope", { scope: "vouchers:read" }, 403],
  ])("%s: refused with a message", async (_name, claims, status) => {
    const authorization =
      typeof claims === "string" ? claims : `Bearer ${await server.issuer.token("welfare", claims)}`;
    for (const [method, path] of writes) {
      const answer = await server.institution.call(
        method,
        path,
        { Gov_Stack_BB: "welfare" },
        { authorization },
      );
      expect(answer).toEqual({ status, body: { message: expect.any(String) as unknown } });
    }
  });

  test("the building block is the token's institution, by its id or its registered name", async () => {
    await putInstitution(server.client.pool, {
      id: "welfare",
      name: "Ministry of Welfare",
      callbackBaseUrl: null,
      boxPublicKey: server.institution.keys.publicKey,
    });
    await putInstitution(server.client.pool, {
      id: "other",
      name: "Other",
      callbackBaseUrl: null,
      boxPublicKey: null,
    });
    expect((await preactivate({ Gov_Stack_BB: "Ministry of Welfare" })).status).toBe(200);
    for (const Gov_Stack_BB of ["other", "Other", "nobody", null, 7]) {
      expect((await preactivate({ Gov_Stack_BB })).status).toBe(460);
    }
  });

  test("another institution's voucher is unknown to a caller", async () => {
    const { serial } = await newVoucher();
    const authorization = `Bearer ${await server.issuer.token("other")}`;
    const headers = { authorization, "X-Registering-Institution-ID": "other" };
    const path = `/vouchers/voucherstatuscheck/${serial}`;
    const asOther = (method: string, at: string, body?: unknown) =>
      server.institution.call(method, at, body, headers);
    const bodies = { voucher_serial_number: serial, voucherserialnumber: serial, Gov_Stack_BB: "other" };
    expect((await asOther("GET", path)).status).toBe(456);
    expect((await asOther("PATCH", "/vouchers/voucher_activation", bodies)).status).toBe(456);
    expect((await asOther("PATCH", path, bodies)).status).toBe(463);
  });

  test("an override without the permission is refused, and one that is not needed is not", async () => {
    const voucher = await newVoucher();
    await activate(voucher.serial);
    const refused = await redeem(voucher.number, { merchant_name: "Bookshop", override: true });
    expect(refused).toMatchObject({
      status: 461,
      body: { message: expect.stringContaining("override") as unknown },
    });
    expect((await redeem(voucher.number, { override: true })).status).toBe(200);
  });
});

describe("a voucher's life, by the 1.0 calls", () => {
  test("it is made, activated and redeemed, and the money is where it belongs", async () => {
    const before = await balances();
    const { serial, number } = await newVoucher();
    expect(await status(serial)).toEqual({
      status: 200,
      body: { voucher_status: "Pre-Activated", voucher_amount: "12.50" },
    });
    expect((await activate(serial)).body).toEqual({ result_status: "Voucher is successfully activated" });
    expect((await status(serial)).body["voucher_status"]).toBe("Activated");
    expect((await redeem(number)).status).toBe(200);
    expect((await status(serial)).status).toBe(458);
    const after = await balances();
    expect(after.get("funding:FOO:USD")).toBe((before.get("funding:FOO:USD") ?? 0n) - 1250n);
    expect(after.get("merchant:shop-1:USD")).toBe((before.get("merchant:shop-1:USD") ?? 0n) + 1250n);
  });

  test("the current API sees the same voucher, under its shorter serial", async () => {
    const { serial } = await newVoucher();
    expect(serial).toMatch(/^[0-9]{16}$/);
    expect(await server.institution.status(serial)).toBe("Pre-Activated");
    await server.institution.activate([String(Number(serial)).padStart(10, "0")]);
    expect((await status(serial)).body["voucher_status"]).toBe("Activated");
  });

  test("nothing of a voucher that the group's funding does not cover stays", async () => {
    const before = await count("voucher_batches");
    const refused = await preactivate({ voucher_group: "POR" });
    expect(refused.status).toBe(455);
    expect(await count("voucher_batches")).toBe(before);
  });
});

describe("a correlation id", () => {
  test("4.4: gives the first answer again, the number too, and nothing happens twice", async () => {
    const headers = { "X-CorrelationID": "0f6e8f0e-1d5f-4d3e-9a39-5f4bd8a4d001" };
    const before = await count("vouchers");
    const answers = await Promise.all([1, 2, 3].map(() => preactivate({}, headers)));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await count("vouchers")).toBe(before + 1n);
    const serial = String(answers[0]?.body["voucher_serial_number"]);
    const number = String(answers[0]?.body["voucher_number"]);
    // One id, another operation: another call.
    expect((await activate(serial, headers)).body).toEqual(
      await activate(serial, headers).then(({ body }) => body),
    );
    expect((await redeem(number, {}, headers)).status).toBe(200);
    expect((await redeem(number, {}, headers)).status).toBe(200);
    expect((await redeem(number)).status).toBe(458);
  });

  test("is 409 with another body, and a refused call does not use it up", async () => {
    const headers = { "X-Correlation-ID": "c-409" };
    expect((await preactivate({ voucher_group: "POR" }, headers)).status).toBe(455);
    expect((await preactivate({}, headers)).status).toBe(200);
    expect((await preactivate({ voucher_comment: "other" }, headers)).status).toBe(409);
  });

  test("makes a repeated cancel the first one", async () => {
    const headers = { "X-Client-Correlation-ID": "c-cancel" };
    const { serial } = await newVoucher();
    expect((await cancel(serial, headers)).status).toBe(200);
    expect((await cancel(serial, headers)).status).toBe(200);
    expect((await cancel(serial)).status).toBe(464);
  });

  test("that is longer than 64 characters is 400", async () => {
    expect((await preactivate({}, { "X-CorrelationID": "x".repeat(65) })).status).toBe(400);
  });

  test("4.4: is told so when its answer was erased after a day, and no voucher number lies in the database", async () => {
    const headers = { "X-CorrelationID": "c-erased" };
    const first = await preactivate({}, headers);
    const number = String(first.body["voucher_number"]);
    const { rows } = await server.client.pool.query<{ text: string }>(
      `select encode(sealed, 'escape') as text from sealed_answers where request_id = 'c-erased'`,
    );
    expect(rows[0]?.text).not.toContain(number);
    expect(await eraseSealedAnswers(testStore(server.client.pool))).toBe(0);
    await server.client.pool.query(
      `update sealed_answers set created_at = created_at - interval '25 hours' where request_id = 'c-erased'`,
    );
    expect(await eraseSealedAnswers(testStore(server.client.pool))).toBe(1);
    const again = await preactivate({}, headers);
    expect(again).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining("24 hours") as unknown },
    });
  });
});

describe("when the server cannot do its work", () => {
  test("a failure of the server is 500 with a message", async () => {
    const rename = (from: string, to: string) =>
      server.client.pool.query(`alter table ${from} rename to ${to}`);
    await rename("voucher_instructions", "voucher_instructions_away");
    const answer = await preactivate();
    await rename("voucher_instructions_away", "voucher_instructions");
    expect(answer).toEqual({ status: 500, body: { message: expect.any(String) as unknown } });
  });
});

const writes = [
  ["POST", "/vouchers/voucher_preactivation"],
  ["PATCH", "/vouchers/voucher_activation"],
  ["POST", "/vouchers/voucher_redemption/"],
  ["POST", "/vouchers/voucher_redeemption"],
  ["PATCH", "/vouchers/voucherstatuscheck/1"],
] as const;

type Headers = Readonly<Record<string, string>>;

function preactivate(change: Readonly<Record<string, unknown>> = {}, headers: Headers = {}): Promise<Answer> {
  const body = {
    voucher_amount: "12.50",
    voucher_currency: "USD",
    voucher_group: "Food",
    Gov_Stack_BB: "welfare",
  };
  return server.institution.call("POST", "/vouchers/voucher_preactivation", { ...body, ...change }, headers);
}

function activate(serial: string, headers: Headers = {}): Promise<Answer> {
  const body = { voucher_serial_number: Number(serial), Gov_Stack_BB: "welfare" };
  return server.institution.call("PATCH", "/vouchers/voucher_activation", body, headers);
}

function redeem(
  number: string,
  change: Readonly<Record<string, unknown>> = {},
  headers: Headers = {},
): Promise<Answer> {
  const body = {
    voucher_number: number,
    Gov_Stack_BB: "welfare",
    merchant_name: "Shop 1",
    merchant_bank_details: "Till 1",
    override: false,
  };
  return server.institution.call("POST", "/vouchers/voucher_redemption", { ...body, ...change }, headers);
}

function cancel(serial: string, headers: Headers = {}): Promise<Answer> {
  const body = { voucherserialnumber: serial, Gov_Stack_BB: "welfare" };
  return server.institution.call("PATCH", `/vouchers/voucherstatuscheck/${serial}`, body, headers);
}

function status(serial: string): Promise<Answer> {
  return server.institution.call("GET", `/vouchers/voucherstatuscheck/${serial}`);
}

async function newVoucher(): Promise<{ readonly serial: string; readonly number: string }> {
  const { body } = await preactivate();
  return { serial: String(body["voucher_serial_number"]), number: String(body["voucher_number"]) };
}

async function balances(): Promise<Map<string, bigint>> {
  const accounts = await trialBalance(server.client.pool);
  return new Map(accounts.map((account) => [account.id, account.amountMinor]));
}

async function count(table: "vouchers" | "voucher_batches"): Promise<bigint> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(`select count(*) from ${table}`);
  return rows[0]?.count ?? -1n;
}
