/** Handing batches in, over HTTP, against the running server (GovStack Payments BB, bulk disbursement). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agency, payment } from "../../test/support/agency.ts";
import { pain001 } from "../../test/support/pain001.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let agency: Agency;

beforeAll(async () => {
  server = await startTestServer();
  agency = new Agency(server.institution);
  await agency.setUp(server.client.pool);
});

afterAll(() => server.close());

/** Ids and payments that no other test uses. */
let used = 1_000;
function payments(count: number) {
  used += count;
  return Array.from({ length: count }, (_, index) => payment(used - count + index));
}

function multipart(text: string, field = "data"): { readonly body: string; readonly type: string } {
  const boundary = `b${Math.floor(used)}x`;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="f"\r\nContent-Type: text/plain\r\n\r\n`;
  return { body: `${head}${text}\r\n--${boundary}--\r\n`, type: `multipart/form-data; boundary=${boundary}` };
}

describe("POST /batchtransactions", () => {
  test("a JSON batch is answered 202 with its id, and told by callback what it holds", async () => {
    const answer = await agency.submit(payments(3));
    expect(answer).toMatchObject({
      status: 202,
      body: { batchId: expect.stringMatching(/^.{36}$/), SuggestedCallbackSeconds: expect.any(Number) },
    });
    const { batchId, PollingPath } = answer.body;
    const { body, method } = await server.receiver.waitFor(
      (callback) => callback.body["batchId"] === batchId,
    );
    expect(method).toBe("POST");
    expect(body).toMatchObject({
      TotalTransactions: 3,
      ongoing: 3,
      failed: 0,
      completed: 0,
      totalAmount: 30,
      ongoing_amount: 30,
      currency: "USD",
    });
    const polled = await server.institution.call("GET", String(PollingPath));
    expect(polled).toMatchObject({ status: 200, body: { batchId, state: "received", TotalTransactions: 3 } });
  });

  test("a CSV batch comes as multipart, in the field data; another boundary makes it no other request", async () => {
    used += 1;
    const csv = `id,request_id,payment_mode,payee_identifier_type,payee_identifier,amount,currency,note\n0,csv-${used},gsma,msisdn,0700 123 456,12.5,usd,csv ${used}\n`;
    const correlationId = agency.nextCorrelationId();
    const first = multipart(csv);
    const one = await agency.submit(first.body, {
      query: "type=csv",
      correlationId,
      headers: { "content-type": first.type },
    });
    expect(one.status).toBe(202);
    used += 1;
    const second = multipart(csv);
    const again = await agency.submit(second.body, {
      query: "type=csv",
      correlationId,
      headers: { "content-type": second.type },
    });
    expect(again).toEqual(one);
    const { rows } = await server.client.pool.query<{ corrections: string[] }>(
      "select corrections from credit_instructions where instruction_id like 'csv-%'",
    );
    expect(rows).toEqual([
      {
        corrections: [
          "spaces or case of the currency put right",
          "spaces removed from the phone number",
          "country prefix added to the phone number",
        ],
      },
    ]);
    const wrong = multipart(csv, "other");
    const refused = await agency.submit(wrong.body, {
      query: "type=csv",
      headers: { "content-type": wrong.type },
    });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: "data" }] } });
  });

  test("a pain.001 message is a batch; the same message id is not taken twice", async () => {
    const message = pain001([{ id: "E2E-1", amount: "10.50", account: "GB33BUKB20201555555555" }]);
    const headers = { "content-type": "application/xml" };
    expect((await agency.submit(message, { query: "", headers })).status).toBe(202);
    const again = await agency.submit(message.replace("E2E-1", "E2E-9"), { query: "", headers });
    expect(again).toMatchObject({ status: 400, body: { errors: [{ field: "line 1: batchId" }] } });
  });

  test("every mistake of a file is named with its line, and nothing of it is stored", async () => {
    const [good, other] = payments(2);
    const answer = await agency.submit([
      { ...payment(0), requestId: "", amount: 0 },
      { ...payment(1), creditParty: [{ key: "msisdn", value: "07" }], currency: "EUR" },
      { ...payment(2), creditParty: [{ key: "shoe", value: "43" }], amount: "1.234" },
      { ...payment(3), requestId: "x".repeat(17), descriptionText: "y".repeat(51) },
      { ...payment(4), creditParty: [] },
      good ?? payment(5),
      { ...(other ?? payment(6)), requestId: good?.requestId ?? "" },
      { ...(good ?? payment(7)), requestId: "another-id" },
    ]);
    expect(answer.status).toBe(400);
    const fields = (answer.body["errors"] as { field: string }[]).map(({ field }) => field);
    expect(fields).toEqual([
      "line 1: requestId",
      "line 1: amount",
      "line 2: currency",
      "line 2: creditParty.msisdn",
      "line 3: amount",
      "line 3: creditParty",
      "line 4: requestId",
      "line 4: descriptionText",
      "line 5: creditParty",
      "line 7: requestId",
      "line 8",
    ]);
    const { rows } = await server.client.pool.query(
      "select from credit_instructions where instruction_id = $1",
      [good?.requestId],
    );
    expect(rows).toHaveLength(0);
  });

  test("an id or a payment of an earlier batch is refused with where it was", async () => {
    const [first, second] = payments(2);
    if (!first || !second) throw new Error("no payments");
    const batchId = await agency.batch([first]);
    const sameId = await agency.submit([{ ...second, requestId: first.requestId }]);
    expect(sameId).toMatchObject({
      status: 400,
      body: { errors: [{ field: "line 1: requestId", reason: expect.stringContaining(batchId) }] },
    });
    const samePayment = await agency.submit([{ ...first, requestId: "new-id" }]);
    expect(samePayment).toMatchObject({
      status: 400,
      body: { errors: [{ field: "line 1", reason: expect.stringContaining(batchId) }] },
    });
  });

  test("two batches with the same payment at once: one is taken", async () => {
    const [same] = payments(1);
    if (!same) throw new Error("no payment");
    const answers = await Promise.all(
      ["one", "two", "three"].map((id) => agency.submit([{ ...same, requestId: `race-${id}` }])),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 400, 400]);
  });

  test("the same request again has its first answer; another body under its id is 409", async () => {
    const some = payments(1);
    const correlationId = agency.nextCorrelationId();
    const [one, two] = await Promise.all([
      agency.submit(some, { correlationId }),
      agency.submit(some, { correlationId }),
    ]);
    expect(one.status).toBe(202);
    expect(two).toEqual(one);
    expect((await agency.submit(payments(1), { correlationId })).status).toBe(409);
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["no correlation id", { "X-CorrelationID": "" }],
    ["no tenant", { "Platform-TenantId": "" }],
    ["a tenant that is too long", { "Platform-TenantId": "t".repeat(21) }],
    ["no callback URL", { "X-Callback-URL": "" }],
  ])("%s is 400", async (_what, headers) => {
    expect((await agency.submit(payments(1), { headers })).status).toBe(400);
  });

  test("another institution sees nothing of a batch, and one without terms submits none", async () => {
    const batchId = await agency.batch(payments(1));
    const { Institution } = await import("../../test/support/institution.ts");
    const { issuer, receiver, client } = server;
    const other = new Institution("others", server.url, issuer, receiver, server.institution.keys);
    await other.register(client.pool);
    expect((await other.call("GET", `/batch/Summary/${batchId}`)).status).toBe(404);
    expect((await new Agency(other).submit(payments(1))).status).toBe(403);
  });
});
