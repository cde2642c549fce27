/** A valid token of an institution that nobody has registered: refused in the form of each call, and nothing is stored. */
import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Institution } from "../../test/support/institution.ts";
import { createAnswerCheck, valid } from "../../test/support/openapi.ts";
import type { OpenApi, Schema } from "../../test/support/openapi.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let stranger: Institution;
let api: OpenApi;
let check: ReturnType<typeof createAnswerCheck>;

beforeAll(async () => {
  server = await startTestServer();
  const { url, issuer, receiver, institution } = server;
  stranger = new Institution("stranger-123", url, issuer, receiver, institution.keys);
  api = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
  check = createAnswerCheck(api);
});
afterAll(() => server.close());

const headers = () => ({
  "X-CorrelationID": randomUUID(),
  "X-Platform-TenantId": "tenant",
  "X-PayerFI-Id": stranger.id,
  "X-billerId": stranger.id,
});

async function countStored(): Promise<unknown> {
  const { rows } = await server.client.pool.query(
    `select (select count(*) from api_requests) as requests, (select count(*) from mapper_requests) as mapper,
       (select count(*) from disbursement_batches) as batches, (select count(*) from voucher_batches) as vouchers`,
  );
  return rows;
}

const requestID = "r-1";
const beneficiaries = [{ payeeIdentity: "P-1", paymentModality: "01", financialAddress: "+254700000001" }];
const redemption = { requestID, voucherSerialNumber: "1", voucherSecretNumber: "1", agentID: "a" };
const payment = {
  requestId: "i-1",
  creditParty: [{ key: "accountId", value: "A-1" }],
  amount: 1,
  currency: "USD",
  descriptionText: "grant",
};

describe.each<readonly [method: string, path: string, body: object]>([
  [
    "POST",
    "/vouchers",
    {
      requestID,
      batchID: "b-1",
      voucherInstructions: [
        { instructionID: "i-1", groupCode: "FOO", currency: "USD", amount: 1, narration: "food" },
      ],
    },
  ],
  [
    "PUT",
    "/vouchers?command=activate",
    { requestID, batchID: "b-1", voucherInstructions: [{ serialNumber: "1" }] },
  ],
  ["POST", "/vouchers?command=redeem", redemption],
  ["POST", "/vouchers?command=redeemPay", redemption],
  ["POST", "/beneficiary", { requestID, beneficiaries }],
  ["PUT", "/identityAccountMapper/beneficiary", { requestID, beneficiaries }],
  ["PUT", "/paymentModality", { requestID, beneficiaries }],
])("%s %s", (method, path, body) => {
  test("is 403 in the form of the current API", async () => {
    const before = await countStored();
    expect(await stranger.call(method, path, body, headers())).toEqual({
      status: 403,
      body: {
        responseCode: "01",
        responseDescription: "The institution is not registered with this server",
        requestID,
        errors: [],
      },
    });
    expect(await countStored()).toEqual(before);
  });
});

test("a batch of payments is 403 too", async () => {
  const before = await countStored();
  const answer = await stranger.call("POST", "/batchtransactions?type=raw", [payment], headers());
  expect(answer).toMatchObject({ status: 403, body: { responseCode: "01" } });
  expect(await countStored()).toEqual(before);
});

describe.each<readonly [path: string, status: number, body: object]>([
  ["/register-beneficiary", 400, { Beneficiaries: [{ PayeeFunctionalID: "P".repeat(20) }] }],
  ["/update-beneficiary-details", 400, { Beneficiaries: [{ PayeeFunctionalID: "P".repeat(20) }] }],
  ["/prepayment-validation", 200, {}],
  ["/bulk-payment", 400, {}],
])("1.0: POST %s", (path, status, more) => {
  test(`is ${status} with the code "01" and its request id`, async () => {
    const before = await countStored();
    const instruction = {
      InstructionID: "i".repeat(16),
      PayeeFunctionalID: "P".repeat(20),
      Amount: 1,
      Currency: "USD",
      Narration: "grant",
    };
    const body = {
      RequestID: "r".repeat(12),
      SourceBBID: stranger.id,
      BatchID: "b".repeat(12),
      CreditInstructions: [instruction],
      ...more,
    };
    expect(await stranger.call("POST", path, body, headers())).toEqual({
      status,
      body: {
        ResponseCode: "01",
        ResponseDescription: "The SourceBBID is not registered, or is not the caller",
        RequestID: body.RequestID,
      },
    });
    expect(await countStored()).toEqual(before);
  });
});

test("1.0: a voucher is not made for it", async () => {
  const body = {
    voucher_amount: "1",
    voucher_currency: "USD",
    voucher_group: "FOO",
    Gov_Stack_BB: stranger.id,
  };
  const answer = await stranger.call("POST", "/vouchers/voucher_preactivation", body, headers());
  expect(answer.status).toBe(460);
});

test.each(["/mapper/link", "/mapper/sync/link", "/mapper/txn/status"])(
  "G2P Connect: POST %s is ERR",
  async (path) => {
    const before = await countStored();
    const now = new Date().toISOString();
    const isLink = path.endsWith("link");
    const link = {
      reference_id: "ref-1",
      timestamp: now,
      id: "P-1",
      fa: "account:1@bank",
    };
    const asked = { attribute_type: "transaction_id", attribute_value: "t-1", txn_type: "link" };
    const message = {
      header: {
        version: "1.0.0",
        message_id: randomUUID(),
        message_ts: now,
        action: isLink ? "link" : "txn-status",
        sender_id: stranger.id,
        total_count: 1,
      },
      message: {
        transaction_id: "t-1",
        ...(isLink ? { link_request: [link] } : { txnstatus_request: { reference_id: "ref-1", ...asked } }),
      },
    };
    expect(await stranger.call("POST", path, message)).toMatchObject({
      status: 403,
      body: { message: { ack_status: "ERR", error: { code: "err.request.forbidden" } } },
    });
    expect(await countStored()).toEqual(before);
  },
);

test("whatever else the document allows it to send is refused too, and never a failure of the server", async () => {
  const before = await countStored();
  const failed: string[] = [];
  for (const [path, operations] of Object.entries(api.paths)) {
    if (path.startsWith("/v1/")) continue;
    for (const method of Object.keys(operations).map((name) => name.toUpperCase())) {
      const url = path.replaceAll(/\{[^}]+\}/g, "1");
      for (const body of fc.sample(bodiesOf(path, method), 3)) {
        const response = await fetch(server.url + url, {
          method,
          headers: {
            authorization: `Bearer ${await server.issuer.token(stranger.id)}`,
            "content-type": "application/json",
            "X-Callback-URL": server.receiver.url,
            "X-Registering-Institution-ID": stranger.id,
            ...headers(),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        if (response.status >= 500) failed.push(`${method} ${url}: ${response.status} ${text}`);
        const isJson = response.headers.get("content-type")?.includes("application/json") === true;
        if (isJson && path in api.paths && response.status !== 404) {
          const wrong = check(method, path, response.status, JSON.parse(text));
          if (wrong !== undefined) failed.push(wrong);
        }
      }
    }
  }
  expect(failed).toEqual([]);
  expect(await countStored()).toEqual(before);
}, 120_000);

function bodiesOf(path: string, method: string): fc.Arbitrary<unknown> {
  const operation = api.paths[path]?.[method.toLowerCase()] as
    | { readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> } }
    | undefined;
  const schema = operation?.requestBody?.content?.["application/json"]?.schema;
  return schema ? valid(api, schema) : fc.constant(undefined);
}
