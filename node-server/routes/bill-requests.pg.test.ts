/** Calls about bills with generated bodies, valid and hostile: the answer is always one that `/openapi.json` describes. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BillParty, link, registerBiller, registerPayerFi } from "../../test/support/bill-party.ts";
import { createAnswerCheck, invalid, valid } from "../../test/support/openapi.ts";
import type { OpenApi } from "../../test/support/openapi.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let parties: Readonly<Record<"biller" | "payer FI", BillParty>>;
let api: OpenApi;
let check: ReturnType<typeof createAnswerCheck>;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  const [biller, bank] = [await BillParty.start("power", server), await BillParty.start("bank", server)];
  await registerBiller(pool, biller, { prefix: "EL" });
  await registerPayerFi(pool, bank, { bic: "BANKKENA" });
  await link(pool, biller, bank);
  const bill = { amountOnDueDate: 10, currency: "USD" };
  await biller.call("POST", "/bills/EL-1", { billDetails: bill });
  parties = { biller, "payer FI": bank };
  api = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
  check = createAnswerCheck(api);
});

afterAll(async () => {
  for (const party of Object.values(parties ?? {})) await party.close();
  await server?.close();
});

const calls = [
  ["biller", "POST", "/bills", "/bills", "UploadBills"],
  ["biller", "POST", "/bills/{billId}", "/bills/EL-1", "BillAnswer"],
  ["payer FI", "POST", "/billTransferRequests", "/billTransferRequests", "BillPaymentNotification"],
  ["biller", "POST", "/billTransferRequests", "/billTransferRequests", "BillerStatus"],
  ["biller", "POST", "/rtpRequest", "/rtpRequest", "RequestToPay"],
  ["payer FI", "POST", "/rtpResponse", "/rtpResponse", "RequestToPayResponse"],
  ["payer FI", "POST", "/voucherRedemption", "/voucherRedemption", "VoucherForBill"],
  [
    "payer FI",
    "POST",
    "/settlements/reconciliation",
    "/settlements/reconciliation?date=2026-11-28",
    "Reconciliation",
  ],
] as const;

describe.each(calls)("%s: %s %s", (role, method, path, url, schema) => {
  test("a request that the document allows gets an answer that it describes", async () => {
    const bodies = valid(api, { $ref: `#/components/schemas/${schema}` });
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        await expectDescribed(role, method, path, url, withKnownBill(body));
      }),
      { numRuns: 30 },
    );
  });

  test("one with one thing wrong, and any JSON at all, is refused and changes nothing", async () => {
    const before = await countStored();
    // What a biller tells of a bill has no field that it must hold.
    const wrong = schema === "BillAnswer" ? fc.constant({ code: "00" }) : invalid(api, schema);
    const bodies = fc.oneof(wrong, fc.json(), fc.string({ unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const status = await expectDescribed(role, method, path, url, body);
        // Some wrong values are right ones: a field may be left out, or be of 101 digits.
        if (status < 300) expect(schema === "BillAnswer" || schema === "Reconciliation").toBe(true);
        else expect(status).toBeLessThan(500);
      }),
      { numRuns: 40 },
    );
    if (schema !== "BillAnswer") expect(await countStored()).toEqual(before);
  });
});

describe.each([
  ["payer FI", "/bills/{billId}", "/bills/"],
  ["biller", "/transferRequests/{id}", "/transferRequests/"],
  ["biller", "/settlements", "/settlements?date="],
  ["payer FI", "/billers", "/billers?format="],
] as const)("%s: GET %s", (role, path, prefix) => {
  test("whatever stands in the URL gets an answer that the document describes", async () => {
    const texts = fc
      .string({ minLength: 1, maxLength: 30, unit: "grapheme" })
      .filter((text) => !/^\.+$/.test(text));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        await expectDescribed(role, "GET", path, prefix + encodeURIComponent(text));
      }),
      { numRuns: 40 },
    );
  });
});

/** Half of the generated ids name a bill that is there. */
function withKnownBill(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("billId" in body)) return body;
  return String(body.billId).length % 2 === 0 ? body : { ...body, billId: "EL-1" };
}

async function expectDescribed(
  role: keyof typeof parties,
  method: string,
  path: string,
  url: string,
  body?: unknown,
): Promise<number> {
  const answer = await parties[role].call(method, url, body);
  const isCsv = answer.status === 200 && !answer.text.startsWith("{");
  if (!isCsv) expect(check(method, path, answer.status, answer.body), answer.text).toBeUndefined();
  return answer.status;
}

async function countStored(): Promise<unknown> {
  const { rows } = await server.client.pool.query(
    `select (select count(*) from api_requests) as requests, (select count(*) from bill_payments) as payments,
       (select count(*) from requests_to_pay) as asked, (select count(*) from bills) as bills`,
  );
  return rows;
}
