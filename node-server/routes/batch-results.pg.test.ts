/** How the payments of a batch are told, over HTTP against the running server (GovStack Payments BB, bulk disbursement). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agency, payment } from "../../test/support/agency.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { readXml } from "../disbursement/files/xml.ts";
import { fundAgency } from "../ledger/entries.ts";
import { putDisbursementFee, putReceivingInstitution } from "../postgres/disbursement-admin.ts";

let server: TestServer;
let agency: Agency;
let batchId: string;

/** One that is paid, one to nowhere, and ten more that are paid. */
beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  agency = new Agency(server.institution);
  await agency.setUp(pool);
  await putReceivingInstitution(pool, {
    id: "LEDGER",
    name: "Our own ledger",
    rail: "non-bank",
    gateway: "ledger",
    url: null,
    perSecond: null,
    defaultFor: ["msisdn"],
  });
  await fundForTest(pool, fundAgency("t-1", "welfare", { amountMinor: 1_000_000n, currency: "USD" }));
  await putDisbursementFee(pool, {
    institutionId: "welfare",
    currency: "USD",
    fixedMinor: 5n,
    basisPoints: 0,
  });
  batchId = await agency.batch([
    payment(1, { creditParty: [{ key: "msisdn", value: "0700 000 001" }], descriptionText: "a <b> & c" }),
    payment(2, {
      creditParty: [
        { key: "msisdn", value: "+254700000002" },
        { key: "dfspId", value: "NOWHERE" },
      ],
      descriptionText: "=1+1",
    }),
    ...Array.from({ length: 10 }, (_, index) => payment(index + 3)),
  ]);
  await agency.approve(batchId);
  await agency.waitForState(batchId, "settled");
});

afterAll(() => server.close());

const get = async (path: string) => server.institution.call("GET", path);
const rowsOf = async (query: string) =>
  (await get(`/api/v1/batch/detail?batchId=${batchId}${query}`)).body as unknown as Record<string, unknown>[];

async function text(path: string): Promise<{ type: string | null; body: string }> {
  const response = await fetch(server.url + path, {
    headers: { authorization: `Bearer ${await server.issuer.token("welfare")}` },
  });
  return { type: response.headers.get("content-type"), body: await response.text() };
}

test("the detail is paged, and has every published field of each payment with its ISO 20022 status", async () => {
  const pages = [
    await rowsOf("&pageNo=1&pageSize=5"),
    await rowsOf("&pageNo=2&pageSize=5"),
    await rowsOf("&pageNo=3&pageSize=5"),
  ];
  expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
  expect(Object.keys(pages[0]?.[0] ?? {})).toEqual(
    expect.arrayContaining(
      (
        "workflowInstanceKey transactionId startedAt completedAt status statusDetail payeeDfspId payeePartyId " +
        "payeePartyIdType payeeFee payeeFeeCurrency payerDfspId payerPartyId payerPartyIdType payerFee payerFeeCurrency " +
        "amount currency direction errorInformation batchId"
      ).split(" "),
    ),
  );
  expect(pages[0]?.[0]).toMatchObject({
    status: "ACSC",
    payeePartyId: "+254700000001",
    payeeDfspId: "LEDGER",
    amount: 10,
    payerFee: 0.05,
    direction: "OUTGOING",
    errorInformation: null,
  });
  expect(pages[0]?.[1]).toMatchObject({
    status: "RJCT",
    errorInformation: { errorCode: "RC01", errorDescription: expect.stringContaining("NOWHERE") },
  });
});

test("one payment is found by its payee, as the sender wrote it or as it was put right, with its history", async () => {
  for (const payee of ["0700000001", "%2B254700000001", "0700%20000%20001"]) {
    const rows = await rowsOf(`&payeePartyId=${payee}`);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.["history"]).toMatchObject([{ status: "PDNG" }, { status: "ACSP" }, { status: "ACSC" }]);
  }
  expect(await rowsOf("&payeePartyId=nobody")).toEqual([]);
});

test("payments are found by status; nothing comes in", async () => {
  expect(await rowsOf("&status=RJCT")).toHaveLength(1);
  expect(await rowsOf("&status=ACSC")).toHaveLength(11);
  expect(await rowsOf("&status=PDNG")).toHaveLength(0);
  expect(await rowsOf("&direction=INCOMING")).toEqual([]);
  expect((await get(`/api/v1/batch/detail?batchId=${batchId}&status=SOMETIMES`)).status).toBe(400);
  expect((await get("/api/v1/batch/detail")).status).toBe(400);
  expect((await get("/api/v1/batch/detail?batchId=unknown")).status).toBe(404);
});

test("a payment that was made has a receipt: id, time, reason and payer", async () => {
  const { status, body } = await get(`/batches/${batchId}/receipts/i-1`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    receiptId: expect.stringMatching(/^[0-9A-Z]{12}$/),
    time: expect.stringMatching(/Z$/),
    reason: "a <b> & c",
    payer: "welfare",
    amount: 10,
  });
  expect((await get(`/batches/${batchId}/receipts/i-2`)).status).toBe(404);
});

test("the result file has a line for each payment, and nothing in it runs in a spreadsheet", async () => {
  const { type, body } = await text(`/batches/${batchId}/result`);
  expect(type).toMatch(/^text\/csv/);
  const lines = body.trimEnd().split("\r\n");
  expect(lines).toHaveLength(13);
  expect(lines[1]).toMatch(/^i-1,'\+254700000001,10\.00,USD,ACSC,,,[0-9A-Z]{12},/);
  expect(lines[1]).toMatch(/country prefix added to the phone number$/);
  expect(lines[2]).toMatch(/^i-2,'\+254700000002,10\.00,USD,RJCT,RC01,/);
});

test("the pain.002 is well-formed and tells the status of the group and of each payment", async () => {
  const { type, body } = await text(`/batches/${batchId}/pain.002`);
  expect(type).toBe("application/xml");
  const texts: string[] = [];
  let namespace = "";
  readXml(new TextEncoder().encode(body), {
    namespace: (uri) => void (namespace = uri),
    open: () => {},
    close: ({ name }, content) => void texts.push(`${name}=${content.trim()}`),
  });
  expect(namespace).toBe("urn:iso:std:iso:20022:tech:xsd:pain.002.001.10");
  expect(texts).toContain("GrpSts=PART");
  expect(texts.filter((one) => one === "TxSts=ACSC")).toHaveLength(11);
  expect(texts).toContain("Cd=RC01");
});

test("what was authorised is accounted for to the last cent, fees included", async () => {
  const { body } = await get(`/batches/${batchId}/reconciliation`);
  expect(body).toMatchObject({
    authorised: 120.6,
    paid: 110,
    fees: 0.55,
    returned: 10.05,
    held: 0,
    difference: 0,
  });
});

test("another institution sees none of it", async () => {
  const token = await server.issuer.token("others");
  for (const path of ["result", "pain.002", "receipts/i-1", "reconciliation", "approval"]) {
    const response = await fetch(`${server.url}/batches/${batchId}/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect([path, response.status]).toEqual([path, 404]);
  }
});
