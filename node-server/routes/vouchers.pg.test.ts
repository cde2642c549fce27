import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putMerchant, putVoucherGroup, setMerchantStatus, trialBalance } from "../postgres/registry-admin.ts";
import { fundForTest } from "../../test/support/funding.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putVoucherGroup(pool, { code: "POR", name: "Poor", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await putMerchant(pool, { id: "closed-1", name: "Closed", accepts: ["FOO"] });
  await putMerchant(pool, { id: "books-1", name: "Bookshop", accepts: ["POR"] });
  await setMerchantStatus(pool, "closed-1", "closed");
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
});

afterAll(() => server.close());

describe("create", () => {
  test("answers at once, then calls back with serial, encrypted number and expiry of each voucher", async () => {
    const [voucher] = await server.institution.createVouchers("FOO", [12.5]);
    expect(voucher?.serialNumber).toMatch(/^[0-9]{10}$/);
    expect(voucher?.voucherNumber).toHaveLength(44);
    expect(voucher?.number).toMatch(/^[1-9][0-9]{15}$/);
    expect(await server.institution.status(voucher?.serialNumber ?? "")).toBe("Pre-Activated");
  });

  test("answers every instruction, each failed one with its own reason", async () => {
    const requestID = server.institution.nextRequestId();
    const instruction = { groupCode: "FOO", currency: "USD", amount: 1 };
    await server.institution.call("POST", "/vouchers", {
      requestID,
      batchID: requestID,
      voucherInstructions: [
        { ...instruction, instructionID: "ok" },
        { ...instruction, instructionID: "group", groupCode: "NON" },
        { ...instruction, instructionID: "currency", currency: "ZZZ" },
        { ...instruction, instructionID: "decimals", amount: 1.005 },
        { ...instruction, instructionID: "zero", amount: 0 },
        { ...instruction, instructionID: "funds", groupCode: "POR" },
      ],
    });
    const { body } = await server.receiver.waitFor((callback) => callback.body["requestID"] === requestID);
    const results = body["voucherInstructions"] as { instructionID: string; failureReason?: string }[];
    expect(results.map(({ instructionID, failureReason }) => [instructionID, failureReason])).toEqual([
      ["ok", undefined],
      ["group", "Unknown voucher group NON"],
      ["currency", "Unknown currency"],
      ["decimals", "More decimals than the currency has"],
      ["zero", "Amount must be above zero"],
      ["funds", "Insufficient funds in the voucher group"],
    ]);
  });

  test("the same request again gets the first answer and makes nothing; another body is 409", async () => {
    const requestID = server.institution.nextRequestId();
    const body = {
      requestID,
      batchID: requestID,
      voucherInstructions: [{ instructionID: "1", groupCode: "FOO", currency: "USD", amount: 3 }],
    };
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => server.institution.call("POST", "/vouchers", body)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const isOurs = (callback: { body: Readonly<Record<string, unknown>> }) =>
      callback.body["requestID"] === requestID;
    await server.receiver.waitFor(isOurs);
    expect(await countVouchers(requestID)).toBe(1n);
    const before = server.receiver.received.filter(isOurs);
    await server.institution.call("POST", "/vouchers", body);
    await vi.waitUntil(() => server.receiver.received.filter(isOurs).length > before.length, {
      timeout: 10_000,
    });
    expect(server.receiver.received.findLast(isOurs)?.body).toEqual(before[0]?.body);
    expect(await countVouchers(requestID)).toBe(1n);
    const other = await server.institution.call("POST", "/vouchers", { ...body, batchID: "other" });
    expect(other).toMatchObject({ status: 409, body: { responseCode: "01", requestID } });
  });

  test.each([
    ["an empty body", "", "not JSON"],
    ["no instructions", { requestID: "x", batchID: "x", voucherInstructions: [] }, "voucherInstructions"],
    [
      "a request id that is too long",
      { requestID: "1234567890123", batchID: "x", voucherInstructions: [] },
      "requestID",
    ],
    [
      "an unsafe integer",
      '{"requestID":"x","batchID":"x","voucherInstructions":[{"instructionID":"1","groupCode":"FOO","currency":"USD","amount":9007199254740993}]}',
      "9007199254740991",
    ],
  ])("%s is 400 and says where", async (_name, body, where) => {
    const answer = await server.institution.call("POST", "/vouchers", body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(where);
  });

  test.each(["X-CallbackURL", "X-Callback_URL", "x-callback-url"])(
    "the callback header is also read as %s",
    async (name) => {
      const requestID = server.institution.nextRequestId();
      const response = await fetch(`${server.url}/vouchers/`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${await server.issuer.token("welfare")}`,
          [name]: server.receiver.url,
          "X-Program-Id": "relief",
          registeringInstitutionId: "welfare",
        },
        body: JSON.stringify({
          RequestID: requestID,
          BatchID: requestID,
          voucherInstructions: [{ instructionID: "1", groupCode: "Food", currency: "USD", amount: 1 }],
        }),
      });
      expect(response.status).toBe(200);
      await server.receiver.waitFor((callback) => callback.body["requestID"] === requestID);
    },
  );

  test("a receiver that fails gets the callback again", async () => {
    server.receiver.refuseNext(1);
    const vouchers = await server.institution.createVouchers("FOO", [1]);
    expect(vouchers).toHaveLength(1);
  });
});

describe("who may call", () => {
  test.each([
    ["no token", undefined, 401],
    ["a token that has run out", { expires: "-1m" }, 401],
    ["a token for another audience", { audience: "elsewhere" }, 401],
    ["a token without the scope", { scope: "vouchers:read" }, 403],
  ])("%s: refused", async (_name, claims, status) => {
    const authorization =
      claims === undefined ? "" : `Bearer ${await server.issuer.token("welfare", claims)}`;
    const answer = await server.institution.call("POST", "/vouchers", {}, { authorization });
    expect(answer.status).toBe(status);
  });

  test("another institution's voucher is 403, and its name in the header too", async () => {
    const [voucher] = await server.institution.createVouchers("FOO", [1]);
    const authorization = `Bearer ${await server.issuer.token("stranger")}`;
    const path = `/vouchers/${voucher?.serialNumber}`;
    const headers = { authorization, "X-Registering-Institution-ID": "stranger" };
    expect((await server.institution.call("GET", path, undefined, headers)).status).toBe(403);
    expect((await server.institution.call("GET", path, undefined, { authorization })).status).toBe(403);
  });
});

describe("redeem", () => {
  test("claims, pays, consumes and books; the same request again is answered the same, another finds it used", async () => {
    const voucher = await activeVoucher();
    const before = await balances();
    const requestID = server.institution.nextRequestId();
    const first = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1", requestID);
    expect(first).toMatchObject({
      status: 200,
      body: { status: 1, message: "REDEEMED", serialNumber: voucher.serialNumber, value: 7 },
    });
    const again = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1", requestID);
    expect(again.body["transactionId"]).toBe(first.body["transactionId"]);
    const second = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1");
    expect(second.body).toMatchObject({ status: 0, message: "ALREADY_USED" });
    expect(await server.institution.status(voucher.serialNumber)).toBe("Consumed");
    const after = await balances();
    expect(after.get("merchant:shop-1:USD")).toBe((before.get("merchant:shop-1:USD") ?? 0n) + 700n);
    expect(after.get("reserved:FOO:USD")).toBe((before.get("reserved:FOO:USD") ?? 0n) - 700n);
  });

  test("two hundred at once pay once", async () => {
    const voucher = await activeVoucher();
    const before = await balances();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1"),
      ),
    );
    expect(answers.filter(({ body }) => body["status"] === 1)).toHaveLength(1);
    const after = await balances();
    expect(after.get("merchant:shop-1:USD")).toBe((before.get("merchant:shop-1:USD") ?? 0n) + 700n);
  });

  test("each refusal has its own reason, and the number is never echoed", async () => {
    const active = await activeVoucher();
    const [fresh] = await server.institution.createVouchers("FOO", [7]);
    const cancelled = await activeVoucher();
    await server.institution.cancel([cancelled.serialNumber]);
    const refusals = await Promise.all([
      server.institution.redeem("0009999999", active.number, "shop-1"),
      server.institution.redeem(active.serialNumber, "1234567890123452", "shop-1"),
      server.institution.redeem(active.serialNumber, active.number, "nobody"),
      server.institution.redeem(active.serialNumber, active.number, "books-1"),
      server.institution.redeem(fresh?.serialNumber ?? "", fresh?.number ?? "", "shop-1"),
      server.institution.redeem(cancelled.serialNumber, cancelled.number, "shop-1"),
    ]);
    expect(refusals.map(({ body }) => body["message"])).toEqual([
      "NOT_EXISTING",
      "WRONG_SECRET",
      "UNKNOWN_AGENT",
      "WRONG_MERCHANT_GROUP",
      "NOT_YET_ACTIVATED",
      "CANCELLED",
    ]);
    expect(JSON.stringify(refusals)).not.toContain(active.number);
    expect(await server.institution.status(active.serialNumber)).toBe("Activated");
  });

  test("a merchant that cannot be credited leaves the voucher activated and the money where it was", async () => {
    const voucher = await activeVoucher();
    const before = await balances();
    const answer = await server.institution.redeem(voucher.serialNumber, voucher.number, "closed-1");
    expect(answer.body).toMatchObject({ status: 0, message: "AGENT_NOT_CREDITABLE" });
    expect(await server.institution.status(voucher.serialNumber)).toBe("Activated");
    expect((await balances()).get("reserved:FOO:USD")).toBe(before.get("reserved:FOO:USD"));
    const elsewhere = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1");
    expect(elsewhere.body["status"]).toBe(1);
  });

  test("an expired voucher is refused at the instant, whatever the schedule", async () => {
    const voucher = await activeVoucher();
    await server.client.pool.query(`update vouchers set expires_at = clock_timestamp() where serial = $1`, [
      BigInt(voucher.serialNumber),
    ]);
    const answer = await server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1");
    expect(answer.body["message"]).toBe("EXPIRED");
    expect(await server.institution.status(voucher.serialNumber)).toBe("Expired");
  });
});

describe("cancel", () => {
  test("returns the funding once, and a second time says Already Cancelled", async () => {
    const voucher = await activeVoucher();
    const before = await balances();
    expect((await server.institution.cancel([voucher.serialNumber])).failedCases).toEqual([]);
    expect((await balances()).get("funding:FOO:USD")).toBe((before.get("funding:FOO:USD") ?? 0n) + 700n);
    const { failedCases } = await server.institution.cancel([voucher.serialNumber, "0008888888"]);
    expect(failedCases.map(({ failureReason }) => failureReason)).toEqual([
      "Already Cancelled",
      "Not Existing",
    ]);
  });
});

describe("the server describes itself", () => {
  test("/openapi.json names every call of vouchers, callbacks and nodes; /healthcheck and /readiness answer without a token", async () => {
    const api = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, unknown>;
    };
    const ours = /^\/(\.well-known|callbacks|v1|vouchers?)(\/|$)/;
    expect(
      Object.keys(api.paths)
        .filter((path) => ours.test(path))
        .toSorted(),
    ).toEqual([
      "/.well-known/jwks.json",
      "/callbacks",
      "/callbacks/{id}/resend",
      "/v1/authentications",
      "/v1/bill-statement",
      "/v1/carried",
      "/v1/disputes",
      "/v1/disputes/appeals",
      "/v1/disputes/evidence",
      "/v1/enrolments",
      "/v1/keys",
      "/v1/leases",
      "/v1/leases/holder",
      "/v1/leases/renewals",
      "/v1/node-keys",
      "/v1/operations",
      "/v1/payee-key",
      "/v1/payouts",
      "/v1/pin-codes",
      "/v1/sessions",
      "/v1/shapes/{name}",
      "/voucher/validity",
      "/vouchers",
      "/vouchers/batches",
      "/vouchers/batches/{batchID}",
      "/vouchers/batches/{batchID}/file",
      "/vouchers/stock",
      "/vouchers/voucher_activation",
      "/vouchers/voucher_preactivation",
      "/vouchers/voucher_redeemption",
      "/vouchers/voucher_redemption",
      "/vouchers/voucherstatuscheck/{serial}",
      "/vouchers/{serialNumber}",
    ]);
    expect((await fetch(`${server.url}/healthcheck`)).status).toBe(200);
    expect((await fetch(`${server.url}/readiness`)).status).toBe(200);
    expect((await fetch(`${server.url}/docs`)).status).toBe(200);
  });
});

async function activeVoucher() {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const outcome = await server.institution.activate([voucher.serialNumber]);
  expect(outcome.failedCases).toEqual([]);
  expect(outcome.vouchers[0]?.token).toMatch(/^PV1:/);
  return voucher;
}

async function balances(): Promise<Map<string, bigint>> {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  return new Map(accounts.map((account) => [account.id, account.amountMinor]));
}

async function countVouchers(batchId: string): Promise<bigint> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(
    `select count(*) from vouchers v join voucher_batches b on b.id = v.batch where b.batch_id = $1`,
    [batchId],
  );
  return rows[0]?.count ?? -1n;
}
