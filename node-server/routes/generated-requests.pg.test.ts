/** The published document keeps its word: whatever is asked, the answer is one that `/openapi.json` describes. */
import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fundForTest } from "../../test/support/funding.ts";
import type { Answer } from "../../test/support/institution.ts";
import { createAnswerCheck, invalid, valid } from "../../test/support/openapi.ts";
import type { OpenApi } from "../../test/support/openapi.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";

let server: TestServer;
let api: OpenApi;
let check: ReturnType<typeof createAnswerCheck>;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  api = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
  check = createAnswerCheck(api);
});

afterAll(() => server.close());

/** Each call that takes a body, with the schema that its command stands for. */
const calls = [
  ["POST", "/vouchers", "", "CreateVouchers"],
  ["POST", "/vouchers", "?command=redeem", "RedeemVoucher"],
  ["POST", "/vouchers", "?command=cancel", "VoucherCommand"],
  ["PUT", "/vouchers", "?command=activate", "VoucherCommand"],
  ["PUT", "/vouchers", "?command=suspend", "VoucherCommand"],
  ["PUT", "/vouchers", "?command=purge", "VoucherCommand"],
  ["PUT", "/vouchers", "", "VoucherCommand"],
  ["POST", "/voucher/validity", "", "VoucherValidityQuestion"],
  ["POST", "/beneficiary", "", "Beneficiaries"],
  ["PUT", "/beneficiary", "", "Beneficiaries"],
  ["POST", "/identityAccountMapper/paymentModality", "", "Beneficiaries"],
  ["PUT", "/paymentModality", "", "Beneficiaries"],
  ["POST", "/accountLookup", "", "AccountLookup"],
  ["POST", "/beneficiaries", "?command=validate", "ValidateAccounts"],
] as const;

/** Asked anew each time; only some calls need it. */
const call = (method: string, path: string, body?: unknown) =>
  server.institution.call(method, path, body, { "X-CorrelationID": randomUUID() });

describe.each(calls)("%s %s%s", (method, path, query, schema) => {
  test("a request that the document allows gets an answer that it describes", async () => {
    const requests = valid(api, { $ref: `#/components/schemas/${schema}` });
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(requests, async (body) => {
        const answer = await call(method, path + query, body);
        expectDescribed(method, path, answer);
        statuses.add(answer.status);
      }),
      { numRuns: 60 },
    );
    expect([...statuses].some((status) => status === 200 || status === 202)).toBe(true);
  });

  test("any JSON at all gets an answer that it describes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string({ unit: "binary" })), async (body) => {
        const answer = await call(method, path + query, body);
        expectDescribed(method, path, answer);
        expect(answer.status).toBe(400);
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(calls.filter(([, , , schema]) => schema !== "VoucherValidityQuestion"))(
  "%s %s%s",
  (method, path, query, schema) => {
    test("a request with one thing wrong is 400 and stores nothing", async () => {
      const before = await countStored();
      await fc.assert(
        fc.asyncProperty(invalid(api, schema), async (body) => {
          const answer = await call(method, path + query, body);
          expectDescribed(method, path, answer);
          expect(answer.status).toBe(400);
        }),
        { numRuns: 40 },
      );
      expect(await countStored()).toBe(before);
    });
  },
);

describe.each([
  ["/mapper/link", "G2pLink"],
  ["/mapper/sync/update", "G2pUpdate"],
  ["/mapper/sync/resolve", "G2pResolve"],
  ["/mapper/sync/txn/status", "G2pStatus"],
  ["/register-beneficiary", "BeneficiariesOneZero"],
  ["/prepayment-validation", "PrepaymentValidation"],
])("POST %s", (path, schema) => {
  test("whatever is sent, by the document or not, gets an answer that it describes", async () => {
    const bodies = fc.oneof(
      valid(api, { $ref: `#/components/schemas/${schema}` }),
      invalid(api, schema),
      fc.json(),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => expectDescribed("POST", path, await call("POST", path, body))),
      { numRuns: 40 },
    );
  });
});

describe.each([
  ["/vouchers/{serialNumber}", "/vouchers/"],
  ["/vouchers/batches/{batchID}", "/vouchers/batches/"],
  ["/vouchers", "/vouchers?page="],
  ["/voucher/validity", "/voucher/validity?serialNumber="],
  ["/beneficiary", "/beneficiary?payeeIdentity="],
  ["/beneficiaries", "/beneficiaries?size="],
  ["/beneficiaries/{payeeIdentity}", "/beneficiaries/"],
  ["/identityAccountMapper/requests/{requestID}", "/identityAccountMapper/requests/"],
])("GET %s", (path, prefix) => {
  test("whatever stands in the URL gets an answer that the document describes", async () => {
    const texts = fc
      .string({ minLength: 1, maxLength: 40, unit: "grapheme" })
      .filter((text) => !/^\.+$/.test(text));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expectDescribed("GET", path, await server.institution.call("GET", prefix + encodeURIComponent(text)));
      }),
      { numRuns: 60 },
    );
  });
});

function expectDescribed(method: string, path: string, answer: Answer): void {
  expect(check(method, path, answer.status, answer.body), JSON.stringify(answer)).toBeUndefined();
}

async function countStored(): Promise<bigint | undefined> {
  const { rows } = await server.client.pool.query<{ count: bigint }>(`select count(*) from api_requests`);
  return rows[0]?.count;
}
