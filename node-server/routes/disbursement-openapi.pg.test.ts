/** The published document keeps its word about batches: whatever is asked, the answer is one that it describes. */
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agency } from "../../test/support/agency.ts";
import { createAnswerCheck, valid } from "../../test/support/openapi.ts";
import type { OpenApi } from "../../test/support/openapi.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let agency: Agency;
let api: OpenApi;
let check: ReturnType<typeof createAnswerCheck>;

beforeAll(async () => {
  server = await startTestServer();
  agency = new Agency(server.institution);
  await agency.setUp(server.client.pool);
  api = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
  check = createAnswerCheck(api);
});

afterAll(() => server.close());

const headers = () => ({ "X-CorrelationID": agency.nextCorrelationId(), "Platform-TenantId": "t" });

test.each([
  ["/batchtransactions", "?type=raw", "DisbursementBatch"],
  ["/bulk-payment", "", "BulkPayment"],
  ["/batches/{batchId}/approval", "", "BatchApproval"],
  ["/batches/{batchId}/authorization", "", "FundsAnswer"],
])(
  "POST %s: generated requests and any JSON get answers that the document describes",
  async (path, query, schema) => {
    const url = path.replace("{batchId}", "unknown") + query;
    const bodies = fc.oneof(valid(api, { $ref: `#/components/schemas/${schema}` }), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answer = await server.institution.call("POST", url, JSON.stringify(body), headers());
        expect(check("POST", path, answer.status, answer.body), JSON.stringify(answer)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  },
);

test.each([
  ["/batch/Summary/{batchId}", "/batch/Summary/", ""],
  ["/batches/{batchId}/approval", "/batches/", "/approval"],
  ["/batches/{batchId}/reconciliation", "/batches/", "/reconciliation"],
  ["/api/v1/batch/detail", "/api/v1/batch/detail?batchId=", ""],
])(
  "GET %s: whatever stands in the URL gets an answer that the document describes",
  async (path, before, after) => {
    const texts = fc
      .string({ minLength: 1, maxLength: 60, unit: "grapheme" })
      .filter((text) => !/^\.+$/.test(text));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const answer = await server.institution.call("GET", before + encodeURIComponent(text) + after);
        expect(check("GET", path, answer.status, answer.body), JSON.stringify(answer)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  },
);

test("the answers about a batch that there is are as described", async () => {
  const payments = [
    { requestId: "i-1", creditParty: [{ key: "payeeIdentity", value: "P-1" }], amount: 1.5, currency: "USD" },
  ];
  const batchId = await agency.batch(payments);
  for (const [path, url] of [
    ["/batch/Summary/{batchId}", `/batch/Summary/${batchId}`],
    ["/batches/{batchId}/approval", `/batches/${batchId}/approval`],
    ["/batches/{batchId}/reconciliation", `/batches/${batchId}/reconciliation`],
    ["/api/v1/batch/detail", `/api/v1/batch/detail?batchId=${batchId}&payeePartyId=P-1`],
  ] as const) {
    const answer = await server.institution.call("GET", url);
    expect(answer.status).toBe(200);
    expect(check("GET", path, 200, answer.body), JSON.stringify(answer)).toBeUndefined();
  }
});
