/** `POST /bulk-payment` of the 1.0 API, over HTTP against the running server: the row of the contract, word for word. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Institution } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { putDisbursementTerms } from "../postgres/disbursement-admin.ts";

let server: TestServer;
let source: Institution;

beforeAll(async () => {
  server = await startTestServer();
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

let requests = 0;
const digits = (length: number) => String((requests += 1)).padStart(length, "0");

function body(changes: object = {}, instruction: object = {}) {
  return {
    RequestID: digits(12),
    SourceBBID: source.id,
    BatchID: digits(12),
    CreditInstructions: [
      {
        InstructionID: digits(16),
        PayeeFunctionalID: digits(20),
        Amount: 10.5,
        Currency: "USD",
        Narration: "grant",
        ...instruction,
      },
    ],
    ...changes,
  };
}

const send = (value: unknown) => source.call("POST", "/bulk-payment", value);

test("a well-formed request of a registered building block is received: 200, 00, and its request id", async () => {
  const request = body();
  expect(await send(request)).toMatchObject({
    status: 200,
    body: { ResponseCode: "00", RequestID: request.RequestID, ResponseDescription: expect.any(String) },
  });
  const again = await send(request);
  expect(again).toMatchObject({ status: 200, body: { ResponseCode: "00" } });
  const { rows } = await server.client.pool.query(
    "select state from disbursement_batches where external_id = $1",
    [request.BatchID],
  );
  expect(rows).toEqual([{ state: "received" }]);
});

test("another body under the same ids is received too; what repeats a payment is told so afterwards", async () => {
  const request = body();
  await send(request);
  const [instruction] = request.CreditInstructions;
  const other = { ...request, CreditInstructions: [{ ...instruction, Amount: 11 }] };
  expect(await send(other)).toMatchObject({ status: 200, body: { ResponseCode: "00" } });
  const { rows } = await server.client.pool.query(
    "select state, state_reason from disbursement_batches where request_id = $1 order by id",
    [request.RequestID],
  );
  expect(rows).toMatchObject([
    { state: "received" },
    { state: "rejected", state_reason: expect.stringMatching(/was used before/) },
  ]);
});

test.each<[string, () => unknown]>([
  ["a request id that is too short", () => body({ RequestID: "1" })],
  ["a request id that is too long", () => body({ RequestID: "1".repeat(13) })],
  ["a building block of another length", () => body({ SourceBBID: "bb" })],
  ["a building block that is not registered", () => body({ SourceBBID: "bb-nowhere-1" })],
  ["a batch id of another length", () => body({ BatchID: "1".repeat(11) })],
  ["no instructions", () => body({ CreditInstructions: [] })],
  ["an instruction id of another length", () => body({}, { InstructionID: "1".repeat(15) })],
  ["a payee of another length", () => body({}, { PayeeFunctionalID: "1".repeat(19) })],
  ["an amount that is none", () => body({}, { Amount: "ten" })],
  ["an amount of zero", () => body({}, { Amount: 0 })],
  ["no amount", () => body({}, { Amount: undefined })],
  ["a currency that is none", () => body({}, { Currency: "ZZZ" })],
  ["a narration that is too long", () => body({}, { Narration: "n".repeat(51) })],
  ["a body that is no object", () => [1]],
  ["a body that is no JSON", () => "{"],
])("%s is 400 with 01, and the request id is echoed", async (_what, make) => {
  const value = make();
  const answer = await send(value);
  const id =
    typeof value === "object" && "RequestID" in (value as object)
      ? (value as { RequestID: string }).RequestID
      : "";
  expect(answer).toMatchObject({ status: 400, body: { ResponseCode: "01", RequestID: id } });
  expect(String(answer.body["ResponseDescription"]).length).toBeGreaterThan(0);
});

test("another building block's name is not the caller's", async () => {
  const forged = await server.institution.call("POST", "/bulk-payment", body());
  expect(forged).toMatchObject({ status: 400, body: { ResponseCode: "01" } });
});
