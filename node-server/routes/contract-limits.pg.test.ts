/**
 * The account mapper and bulk disbursement as GovStack publishes them (Payments BB, account mapper and bulk disbursement):
 * each length is a maximum, taken at it and refused above it; each spelling of a field, a header and a path is the same call.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agency } from "../../test/support/agency.ts";
import { Institution } from "../../test/support/institution.ts";
import type { Answer } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { putDisbursementTerms } from "../postgres/disbursement-admin.ts";

let server: TestServer;
let source: Institution;

beforeAll(async () => {
  server = await startTestServer();
  await new Agency(server.institution).setUp(server.client.pool);
  const { url, issuer, receiver, institution, client } = server;
  source = new Institution("bb-welfare-1", url, issuer, receiver, institution.keys);
  await source.register(client.pool);
  await putDisbursementTerms(client.pool, {
    institutionId: source.id,
    payerBank: null,
    payerIdentifier: source.id,
    countryCode: null,
    voucherGroup: null,
    duplicateDays: 20,
    mostFailedPercent: null,
  });
});
afterAll(() => server.close());

let used = 0;
/** Text of that length that was not used before, as far as its length allows. */
function text(length: number): string {
  used += 1;
  return `${"x".repeat(length)}${used}`.slice(-length);
}

async function stored(): Promise<unknown> {
  const { rows } = await server.client.pool.query(
    `select (select count(*) from api_requests) as requests, (select count(*) from mapper_requests) as mapper,
       (select count(*) from disbursement_batches) as batches`,
  );
  return rows;
}

type Call = (length: number) => Promise<Answer>;
/** What is limited, its longest, and a call in which it has a length. */
type Limit = readonly [what: string, longest: number, call: Call];

function payees(method: "POST" | "PUT", path: string): readonly Limit[] {
  const send = (changes: object, item: object = {}, headers: Readonly<Record<string, string>> = {}) =>
    server.institution.call(
      method,
      path,
      {
        RequestID: text(12),
        sourceBBID: "bb",
        Beneficiaries: [
          { payeeIdentity: text(20), PaymentModality: "00", FinancialAddress: text(34), ...item },
        ],
        ...changes,
      },
      headers,
    );
  const callback = (length: number) => `${server.receiver.url}?${"q".repeat(100)}`.slice(0, length);
  return [
    ["RequestID", 12, (length) => send({ RequestID: text(length) })],
    ["sourceBBID", 12, (length) => send({ sourceBBID: text(length) })],
    ["payeeIdentity", 20, (length) => send({}, { payeeIdentity: text(length) })],
    ["bankingInstitutionCode", 11, (length) => send({}, { bankingInstitutionCode: text(length) })],
    ["FinancialAddress", 34, (length) => send({}, { FinancialAddress: text(length) })],
    ["callback URL", 100, (length) => send({}, {}, { "X-Callback-URL": callback(length) })],
  ];
}

describe.each<readonly [row: string, limits: () => readonly Limit[]]>([
  ["POST /identityAccountMapper/beneficiary", () => payees("POST", "/identityAccountMapper/beneficiary")],
  ["PUT /beneficiary", () => payees("PUT", "/beneficiary")],
  ["POST /paymentModality", () => payees("POST", "/paymentModality")],
  [
    "PUT /identityAccountMapper/paymentModality",
    () => payees("PUT", "/identityAccountMapper/paymentModality"),
  ],
  [
    "GET /beneficiary",
    () => [
      ["payeeIdentity", 20, (length) => lookUp(`payeeIdentity=${text(length)}&requestId=r`)],
      ["requestId", 12, (length) => lookUp(`payeeIdentity=x&requestId=${text(length)}`)],
    ],
  ],
  [
    "POST /accountLookup",
    () => [
      ["requestId", 12, (length) => ask({ requestId: text(length), payeePartyIds: ["x"] })],
      ["payeePartyIds", 20, (length) => ask({ requestId: text(12), payeePartyIds: [text(length)] })],
    ],
  ],
  [
    "POST /beneficiaries?command=validate",
    () => [
      ["batchId", 50, (length) => validate({ batchId: text(length) })],
      ["destinationDFSPID", 11, (length) => validate({ destinationDFSPID: text(length) })],
      ["instructionID", 16, (length) => validate({}, { instructionID: text(length) })],
      ["financialAddress", 34, (length) => validate({}, { financialAddress: text(length) })],
      ["narration", 50, (length) => validate({}, { narration: text(length) })],
      ["correlation id", 64, (length) => validate({}, {}, { "X-CorrelationID": text(length) })],
    ],
  ],
  [
    "POST /batchtransactions",
    () => [
      ["requestId", 16, (length) => batch({ requestId: text(length) })],
      ["paymentMode", 20, (length) => batch({ paymentMode: text(length) })],
      ["descriptionText", 50, (length) => batch({ descriptionText: text(length) })],
      ["correlation id", 64, (length) => batch({}, { "X-CorrelationID": text(length) })],
      ["tenant", 20, (length) => batch({}, { "Platform-TenantId": text(length) })],
      ["program", 20, (length) => batch({}, { "X-Program-ID": text(length) })],
    ],
  ],
  [
    "POST /batches/{batchId}?command=authorize",
    () => [
      ["payerIdentifier", 20, (length) => authorize({ payerIdentifier: text(length) })],
      ["batchID", 50, (length) => authorize({ batchID: text(length) })],
    ],
  ],
])("%s", (_row, limits) => {
  test("takes each field at its longest, and refuses it one longer with nothing stored", async () => {
    for (const [what, longest, call] of limits()) {
      const taken = await call(longest);
      expect([200, 202, 404], `${what}: ${JSON.stringify(taken)}`).toContain(taken.status);
      const before = await stored();
      const refused = await call(longest + 1);
      expect([what, refused.status], JSON.stringify(refused)).toEqual([what, 400]);
      expect(refused.body).toMatchObject({ responseCode: "01", errors: expect.any(Array) as unknown });
      expect(await stored(), what).toEqual(before);
    }
  });
});

const lookUp = (query: string) => server.institution.call("GET", `/beneficiary/?${query}`);
const ask = (body: object) => server.institution.call("POST", "/accountLookup", body);

function validate(changes: object, instruction: object = {}, headers: Readonly<Record<string, string>> = {}) {
  const credit = {
    instructionID: "i-1",
    financialAddress: "a-1",
    amount: 12.5,
    currency: "EUR",
    narration: "aid",
  };
  return server.institution.call(
    "POST",
    "/beneficiaries?command=validate",
    { batchId: "b-1", creditInstructions: [{ ...credit, ...instruction }], ...changes },
    { "X-CorrelationID": randomUUID(), ...headers },
  );
}

function batch(payment: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const item = {
    requestId: text(16),
    creditParty: [{ key: "accountId", value: text(20) }],
    debitParty: [{ key: "accountId", value: "TSA-1" }],
    paymentMode: "slcb",
    amount: 1,
    currency: "USD",
    descriptionText: "grant",
    ...payment,
  };
  return server.institution.call("POST", "/batchtransactions?type=raw", [item], {
    "X-CorrelationID": randomUUID(),
    "Platform-TenantId": "tenant",
    ...headers,
  });
}

function authorize(changes: Readonly<Record<string, string>>): Promise<Answer> {
  const body = { batchID: text(12), payerIdentifier: "TSA-1", currency: "USD", amount: 1, ...changes };
  return server.institution.call("POST", `/batches/${body.batchID}?command=authorize`, body, {
    "X-CorrelationID": randomUUID(),
  });
}

describe("1.0: lengths are exact", () => {
  const instruction = (more: object = {}) => ({
    InstructionID: text(16),
    PayeeFunctionalID: text(20),
    Amount: 10,
    Currency: "USD",
    Narration: "aid",
    ...more,
  });
  const request = (more: object, ...instructions: object[]) => ({
    RequestID: text(12),
    SourceBBID: source.id,
    BatchID: text(12),
    CreditInstructions: instructions.length === 0 ? [instruction()] : instructions,
    ...more,
  });
  const register = (payee: object) => ({
    RequestID: text(12),
    SourceBBID: source.id,
    Beneficiaries: [{ PayeeFunctionalID: text(20), ...payee }],
  });

  test.each<[string, () => object, "00" | "01"]>([
    ["modality and address may be left out", () => register({}), "00"],
    ["an address of 30", () => register({ PaymentModality: "00", FinancialAddress: text(30) }), "00"],
    ["an address of 1", () => register({ PaymentModality: "00", FinancialAddress: "7" }), "00"],
    ["an address of 31", () => register({ PaymentModality: "00", FinancialAddress: text(31) }), "01"],
    ["no payee", () => register({ PayeeFunctionalID: undefined }), "01"],
  ])("registering, %s", async (_what, body, code) => {
    for (const path of ["/register-beneficiary", "/update-beneficiary-details"]) {
      const answer = await source.call("POST", path, body());
      expect([answer.status, answer.body["ResponseCode"]]).toEqual([code === "00" ? 200 : 400, code]);
    }
  });

  test.each<[string, () => object]>([
    ["a RequestID of 11", () => request({ RequestID: text(11) })],
    ["a BatchID of 11", () => request({ BatchID: text(11) })],
    ["a BatchID of 13", () => request({ BatchID: text(13) })],
    ["a SourceBBID of 13", () => request({ SourceBBID: text(13) })],
    ["an InstructionID of 17", () => request({}, instruction({ InstructionID: text(17) }))],
    ["a PayeeFunctionalID of 19", () => request({}, instruction({ PayeeFunctionalID: text(19) }))],
    ["a PayeeFunctionalID of 21", () => request({}, instruction({ PayeeFunctionalID: text(21) }))],
    ["no InstructionID", () => request({}, instruction({ InstructionID: undefined }))],
    ["no PayeeFunctionalID", () => request({}, instruction({ PayeeFunctionalID: undefined }))],
    ["no amount", () => request({}, instruction({ Amount: undefined }))],
    ["no currency", () => request({}, instruction({ Currency: undefined }))],
    ["no instructions", () => ({ ...request({}), CreditInstructions: [] })],
  ])(
    'validating and paying, %s: code "01", 200 for the first and 400 for the second',
    async (_what, body) => {
      const sent = body();
      const before = await stored();
      for (const [path, status] of [
        ["/prepayment-validation", 200],
        ["/bulk-payment", 400],
      ] as const) {
        const answer = await source.call("POST", path, sent);
        expect([path, answer.status, answer.body["ResponseCode"]]).toEqual([path, status, "01"]);
        expect(answer.body["RequestID"]).toBe("RequestID" in sent ? sent.RequestID : "");
        expect(String(answer.body["ResponseDescription"])).toMatch(/^.{1,200}$/);
      }
      expect(await stored()).toEqual(before);
    },
  );

  test("a payment may do without its narration, a validation may not", async () => {
    const body = request({}, instruction({ Narration: undefined }));
    expect(await source.call("POST", "/bulk-payment", body)).toMatchObject({
      status: 200,
      body: { ResponseCode: "00" },
    });
    expect(await source.call("POST", "/prepayment-validation", body)).toMatchObject({
      status: 200,
      body: { ResponseCode: "01" },
    });
  });
});

describe("every spelling is the same call", () => {
  const item = { payeeIdentity: "spelled-1", paymentModality: "01", financialAddress: "+254700000009" };

  test.each<[string, object]>([
    [
      "RequestID, Beneficiaries, PaymentModality",
      { PaymentModality: "01", FinancialAddress: "+254700000009" },
    ],
    [
      "requestId, beneficiaries, paymentModality",
      { paymentModality: "01", financialAddress: "+254700000009" },
    ],
  ])("%s", async (names, payee) => {
    const isUpper = names.startsWith("R");
    const identity = text(20);
    const requestID = text(12);
    const items = [{ payeeIdentity: identity, ...payee }];
    const answer = await server.institution.call(
      "POST",
      isUpper ? "/beneficiary/" : "/identityAccountMapper/beneficiary",
      isUpper
        ? { RequestID: requestID, Beneficiaries: items }
        : { requestId: requestID, beneficiaries: items },
      { "X-Callback-URL": "" },
    );
    expect(answer).toMatchObject({ status: 200, body: { requestID, numberFailedCases: 0 } });
    const found = await server.institution.call("GET", `/beneficiary?payeeIdentity=${identity}`);
    expect(found.body["paymentModalityList"]).toMatchObject([{ paymentModality: "01" }]);
  });

  test.each(["X-CallbackURL", "X-Callback-URL", "X-Callback_URL"])("%s", async (name) => {
    const RequestID = text(12);
    const headers: Record<string, string> = { "X-Callback-URL": "", [name]: server.receiver.url };
    const answer = await server.institution.call(
      "POST",
      "/beneficiary",
      { RequestID, Beneficiaries: [item] },
      headers,
    );
    expect(answer.status).toBe(200);
    const told = await server.receiver.waitFor(({ body }) => body["registerRequestID"] === RequestID);
    expect(told.method).toBe("POST");
  });

  test.each(["X-CorrelationID", "X-Client-Correlation-ID", "X-Correlation-ID"])("%s", async (name) => {
    const id = randomUUID();
    expect((await validate({}, {}, { "X-CorrelationID": "", [name]: id })).status).toBe(202);
    await server.receiver.waitFor(({ body }) => body["clientCorrelationId"] === id);
  });

  test.each(["Platform-TenantId", "X-Platform-TenantId"])("%s", async (name) => {
    expect((await batch({}, { "Platform-TenantId": "", [name]: "tenant" })).status).toBe(202);
  });
});

test("payees are listed by pages, without their addresses", async () => {
  const sizes = [];
  for (const page of [1, 2]) {
    const { status, body } = await server.institution.call("GET", `/beneficiaries?page=${page}&size=2`);
    expect([status, body["page"], body["size"]]).toEqual([200, page, 2]);
    const listed = body["beneficiaries"] as object[];
    sizes.push(listed.length);
    expect(JSON.stringify(listed)).not.toContain("financialAddress");
  }
  expect(sizes).toEqual([2, 2]);
});

test("a batch of two currencies is refused whole", async () => {
  const items = ["USD", "KES"].map((currency) => ({
    requestId: text(16),
    creditParty: [{ key: "accountId", value: text(20) }],
    amount: 1,
    currency,
    descriptionText: "grant",
  }));
  const before = await stored();
  const answer = await server.institution.call("POST", "/batchtransactions?type=raw", items, {
    "X-CorrelationID": randomUUID(),
    "Platform-TenantId": "tenant",
  });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: "line 2: currency" }] } });
  expect(await stored()).toEqual(before);
});

test("a summary has the fields of the status push, and the state", async () => {
  const { body: accepted } = await batch({});
  const { status, body } = await server.institution.call(
    "GET",
    `/batch/Summary/${String(accepted["batchId"])}`,
  );
  expect(status).toBe(200);
  expect(Object.keys(body).toSorted()).toEqual(
    (
      "TotalTransactions batchId completed completed_amount currency failed failed_amount note ongoing ongoing_amount " +
      "requestId resultGeneratedAt result_file state totalAmount"
    ).split(" "),
  );
});
