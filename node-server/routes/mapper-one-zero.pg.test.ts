/** The G2P calls of the 1.0 table, as GovStack's published tests make them: against the sandbox, without a token. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCallbackReceiver } from "../../test/support/callback-receiver.ts";
import type { CallbackReceiver } from "../../test/support/callback-receiver.ts";
import { startTestSandbox } from "../../test/support/sandbox.ts";
import type { TestSandbox } from "../../test/support/sandbox.ts";
import { startTestServer } from "../../test/support/server.ts";

let sandbox: TestSandbox;
let receiver: CallbackReceiver;
let ids = 0;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  receiver = await startCallbackReceiver();
});
afterAll(async () => {
  await receiver.close();
  await sandbox.close();
});

const SourceBBID = "bb-pensions1";

const source = { SourceBBID };

/** Of an exact length, and not used before. */
function newId(length: 12 | 16 | 20): string {
  ids += 1;
  return String(ids).padStart(length, "x");
}

const beneficiary = (more: object = {}) => ({
  PayeeFunctionalID: newId(20),
  PaymentModality: "00",
  FinancialAddress: "NL87ABNA4193835510",
  ...more,
});

const post = (path: string, body?: unknown, headers?: Readonly<Record<string, string>>) =>
  sandbox.call("POST", path, body, headers);

async function toldOf(
  path: string,
  body: { readonly RequestID: string } & Readonly<Record<string, unknown>>,
) {
  const answer = await post(path, body, { "X-CallbackURL": receiver.url });
  expect(answer).toMatchObject({ status: 200, body: { ResponseCode: "00", RequestID: body.RequestID } });
  const told = await receiver.waitFor(
    (callback) => (callback.body["registerRequestID"] ?? callback.body["RequestID"]) === body.RequestID,
  );
  return told.body;
}

describe.each(["/register-beneficiary", "/update-beneficiary-details"])("POST %s", (path) => {
  test("well formed it is 200 with code 00, twice in a row too", async () => {
    const body = { RequestID: newId(12), SourceBBID, Beneficiaries: [beneficiary()] };
    const first = await post(path, body);
    expect(first).toEqual({
      status: 200,
      contentType: expect.stringContaining("application/json") as unknown,
      body: {
        ResponseCode: "00",
        ResponseDescription: expect.stringMatching(/^.{1,200}$/) as unknown,
        RequestID: body.RequestID,
      },
    });
    expect(await post(path, body)).toEqual(first);
  });

  test("another body under the same id is another request", async () => {
    const body = { RequestID: newId(12), SourceBBID, Beneficiaries: [beneficiary()] };
    await post(path, body);
    const other = await post(path, { ...body, Beneficiaries: [beneficiary()] });
    expect(other).toMatchObject({ status: 200, body: { ResponseCode: "00" } });
  });

  const good = () => ({ RequestID: newId(12), SourceBBID, Beneficiaries: [beneficiary()] });
  test.each<[string, () => object]>([
    ["RequestID of 11 characters", () => ({ ...good(), RequestID: "12345678901" })],
    ["RequestID of 13 characters", () => ({ ...good(), RequestID: "1234567890123" })],
    ["no RequestID", () => ({ ...good(), RequestID: undefined })],
    ["SourceBBID of 11 characters", () => ({ ...good(), SourceBBID: "bb-pensions" })],
    ["a SourceBBID that is not registered", () => ({ ...good(), SourceBBID: "nobody-knows" })],
    ["no Beneficiaries", () => ({ ...good(), Beneficiaries: undefined })],
    ["empty Beneficiaries", () => ({ ...good(), Beneficiaries: [] })],
    [
      "PayeeFunctionalID of 19",
      () => ({ ...good(), Beneficiaries: [beneficiary({ PayeeFunctionalID: "x".repeat(19) })] }),
    ],
    [
      "PayeeFunctionalID of 21",
      () => ({ ...good(), Beneficiaries: [beneficiary({ PayeeFunctionalID: "x".repeat(21) })] }),
    ],
    ["PaymentModality of 1", () => ({ ...good(), Beneficiaries: [beneficiary({ PaymentModality: "0" })] })],
    ["PaymentModality of 3", () => ({ ...good(), Beneficiaries: [beneficiary({ PaymentModality: "000" })] })],
    [
      "FinancialAddress of 31",
      () => ({ ...good(), Beneficiaries: [beneficiary({ FinancialAddress: "9".repeat(31) })] }),
    ],
    [
      "FinancialAddress of no text",
      () => ({ ...good(), Beneficiaries: [beneficiary({ FinancialAddress: 7 })] }),
    ],
  ])("%s: 400 with code 01, and the RequestID echoed", async (_name, body) => {
    const sent = body();
    const answer = await post(path, sent);
    const id = "RequestID" in sent && typeof sent.RequestID === "string" ? sent.RequestID : "";
    expect(answer).toMatchObject({ status: 400, body: { ResponseCode: "01", RequestID: id } });
    expect(String(answer.body["ResponseDescription"])).toMatch(/^.{1,200}$/);
  });

  test.each([
    ["no body", undefined],
    ["no JSON", "{"],
    ["a list", []],
    ["text", '"x"'],
  ])("%s: 400 with code 01", async (_name, body) => {
    expect(await post(path, body)).toMatchObject({
      status: 400,
      body: { ResponseCode: "01", RequestID: "" },
    });
  });
});

describe("what became of each payee comes by callback", () => {
  test("a duplicate, an unknown payee and an unknown modality fail, each for its own reason", async () => {
    const known = beneficiary();
    await toldOf("/register-beneficiary", { RequestID: newId(12), ...source, Beneficiaries: [known] });
    const registered = await toldOf("/register-beneficiary", {
      RequestID: newId(12),
      ...source,
      Beneficiaries: [known, beneficiary({ PaymentModality: "zz" }), beneficiary()],
    });
    expect(registered).toMatchObject({
      numberFailedCases: 2,
      failedCases: [
        {
          payeeFunctionalID: known.PayeeFunctionalID,
          payeeIdentity: known.PayeeFunctionalID,
          paymentModality: "00",
          failureReason: "Already Registered",
        },
        {
          paymentModality: "zz",
          failureReason: expect.stringContaining("Unknown Payment Modality") as unknown,
        },
      ],
    });
    const updated = await toldOf("/update-beneficiary-details", {
      RequestID: newId(12),
      ...source,
      Beneficiaries: [beneficiary(), { ...known, FinancialAddress: "NL64ABNA6201350640" }],
    });
    expect(updated).toMatchObject({
      numberFailedCases: 1,
      failedCases: [{ failureReason: "Not Registered" }],
    });
    const headers = { "X-Registering-Institution-ID": SourceBBID };
    const found = await sandbox.call(
      "GET",
      `/beneficiary?payeeIdentity=${known.PayeeFunctionalID}`,
      undefined,
      headers,
    );
    expect(found.body["paymentModalityList"]).toMatchObject([{ financialAddress: "NL64ABNA6201350640" }]);
  });

  test("a payee of the seed is known: registered again it is a duplicate, and its address is found", async () => {
    const known = { PayeeFunctionalID: "PayeeOfTheSeed-00001", FinancialAddress: "FI2112345600000785" };
    const told = await toldOf("/register-beneficiary", {
      RequestID: newId(12),
      ...source,
      Beneficiaries: [known],
    });
    expect(told["failedCases"]).toMatchObject([{ failureReason: "Already Registered" }]);
    const headers = { "X-Registering-Institution-ID": SourceBBID };
    const path = "/beneficiary?payeeIdentity=PayeeOfTheSeed-00001";
    const { body } = await sandbox.call("GET", path, undefined, headers);
    expect(body["paymentModalityList"]).toMatchObject([
      { paymentModality: "00", financialAddress: known.FinancialAddress },
    ]);
  });

  test("a callback URL that may not be called does not stand in the way", async () => {
    const body = { RequestID: newId(12), ...source, Beneficiaries: [beneficiary()] };
    const answer = await post("/register-beneficiary", body, { "X-Callback-URL": "no url at all" });
    expect(answer).toMatchObject({ status: 200, body: { ResponseCode: "00" } });
  });
});

describe("POST /prepayment-validation", () => {
  const instruction = (more: object = {}) => ({
    InstructionID: newId(16),
    PayeeFunctionalID: newId(20),
    Amount: 10,
    Currency: "EUR",
    Narration: "aid",
    ...more,
  });
  const request = (...instructions: object[]) => ({
    RequestID: newId(12),
    SourceBBID,
    BatchID: newId(12),
    CreditInstructions: instructions,
  });

  test("is 200 with code 00, and tells by callback which payees cannot be paid", async () => {
    const known = beneficiary();
    await toldOf("/register-beneficiary", { RequestID: newId(12), ...source, Beneficiaries: [known] });
    const body = request(instruction({ PayeeFunctionalID: known.PayeeFunctionalID }), instruction());
    expect(await toldOf("/prepayment-validation", body)).toEqual({
      RequestID: body.RequestID,
      Source_BatchID: body.BatchID,
      NumberFailedCases: 1,
      FailedAccounts: [
        {
          InstructionID: (body.CreditInstructions[1] as { InstructionID: string }).InstructionID,
          FailureReason: "Not Registered",
        },
      ],
    });
  });

  test.each<[string, () => object]>([
    ["a RequestID of 13 characters", () => ({ ...request(instruction()), RequestID: "1234567890123" })],
    ["no BatchID", () => ({ ...request(instruction()), BatchID: undefined })],
    ["no instructions", () => request()],
    ["an InstructionID of 15 characters", () => request(instruction({ InstructionID: "x".repeat(15) }))],
    ["an amount of zero", () => request(instruction({ Amount: 0 }))],
    ["an amount that is no number", () => request(instruction({ Amount: "much" }))],
    ["a currency nobody knows", () => request(instruction({ Currency: "ZZZ" }))],
    ["no narration", () => request(instruction({ Narration: undefined }))],
    [
      "a SourceBBID that is not registered",
      () => ({ ...request(instruction()), SourceBBID: "nobody-knows" }),
    ],
  ])("%s: 200 with code 01", async (_name, body) => {
    expect(await post("/prepayment-validation", body())).toMatchObject({
      status: 200,
      body: { ResponseCode: "01" },
    });
  });

  test("an amount may have decimals, as a number or as text", async () => {
    for (const Amount of [12.5, "12.50"]) {
      const answer = await post("/prepayment-validation", request(instruction({ Amount })));
      expect(answer).toMatchObject({ status: 200, body: { ResponseCode: "00" } });
    }
  });
});

test("POST /prepayment-validation-response is 200 with the same fields, malformed 400", async () => {
  const body = {
    RequestID: newId(12),
    Source_BatchID: newId(12),
    NumberFailedCases: 1,
    FailedAccounts: [{ InstructionID: newId(16), FailureReason: "closed" }],
  };
  const path = "/prepayment-validation-response";
  expect(await post(path, body)).toMatchObject({
    status: 200,
    body: { ResponseCode: "00", RequestID: body.RequestID },
  });
  const short = { RequestID: newId(12), Source_BatchID: newId(12) };
  expect(await post(path, short)).toMatchObject({ status: 200, body: { ResponseCode: "00" } });
  expect(await post(path, { ...short, Source_BatchID: "x" })).toMatchObject({
    status: 400,
    body: { ResponseCode: "01" },
  });
});

test("outside of a sandbox a token is asked for, and must be the source's", async () => {
  const server = await startTestServer();
  const body = { RequestID: newId(12), SourceBBID: "welfare-1234", Beneficiaries: [beneficiary()] };
  const path = "/register-beneficiary";
  const none = await server.institution.call("POST", path, body, { authorization: "" });
  expect(none).toMatchObject({ status: 401, body: { ResponseCode: "01", RequestID: body.RequestID } });
  expect(await server.institution.call("POST", path, body)).toMatchObject({
    status: 400,
    body: {
      ResponseCode: "01",
      ResponseDescription: "The SourceBBID is not registered, or is not the caller",
    },
  });
  await server.close();
});
