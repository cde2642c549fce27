/** GovStack Payments BB, P2G, row by row: real HTTP servers for the biller and the payer FIs, each with its own token. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BillParty, isAdvice, link, registerBiller, registerPayerFi } from "../../test/support/bill-party.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let power: BillParty;
let water: BillParty;
let bank: BillParty;
let wallet: BillParty;
let bills = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  power = await BillParty.start("power", server);
  water = await BillParty.start("water", server);
  bank = await BillParty.start("bank", server);
  wallet = await BillParty.start("wallet", server);
  await registerBiller(pool, power, { prefix: "EL", codes: { OK: "ACK", "E-14": "Dup" } });
  await registerBiller(pool, water, { prefix: "WA", ownDigits: 8, checkDigit: "luhn" });
  await registerPayerFi(pool, bank, { bic: "BANKKENA" });
  await registerPayerFi(pool, wallet);
  await link(pool, power, bank);
  await link(pool, power, wallet);
});

beforeEach(() => {
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
});

afterAll(async () => {
  for (const party of [power, water, bank, wallet]) await party?.close();
  await server?.close();
});

/** Uploads one bill of the power company; returns its id. */
async function newBill(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  bills++;
  const billId = `EL-${bills}`;
  const bill = { billId, dueDate: "2999-12-31", amountonDueDate: 25.5, currency: "USD", ...more };
  const answer = await power.call("POST", "/bills", { requestID: power.nextRequestId(), bills: [bill] });
  expect(answer).toMatchObject({ status: 200, body: { taken: 1, failed: [] } });
  return billId;
}

async function paidBill(): Promise<{ billId: string; reference: string }> {
  const billId = await newBill();
  const { requestId } = await bank.inquire(billId);
  const { requestId: paymentId, reference } = await bank.pay(billId, requestId);
  expect((await bank.answerTo(paymentId)).body["status"]).toBe("ACK");
  return { billId, reference };
}

describe("GET /bills/{billId}?fields=inquiry", () => {
  test("is acknowledged with 202 and answered by callback with what is due", async () => {
    const billId = await newBill({ amountAfterDueDate: 30, payerName: "Asha" });
    const requestId = bank.nextRequestId();
    const answer = await bank.call("GET", `/bills/${billId}?fields=inquiry&requestId=${requestId}`);
    expect(answer).toMatchObject({
      status: 202,
      body: { responseCode: "00", requestId, transactionId: expect.stringMatching(/^Q[0-9]{11}$/) },
    });
    const { body } = await bank.answerTo(requestId);
    expect(body).toMatchObject({
      requestId,
      code: "00",
      billId,
      billDetails: {
        billerId: "power",
        billerName: "The power company",
        billStatus: "unpaid",
        // The day ends at 24:00 in Nairobi.
        dueDate: Date.parse("2999-12-31T20:59:59Z") / 1000,
        amountonDueDate: 25.5,
        amountAfterDueDate: 30,
        amountDue: 25.5,
        currency: "USD",
        payerName: "Asha",
      },
    });
  });

  test("tells that a bill is overdue, by the biller's calendar, and what it costs then", async () => {
    const billId = await newBill({ dueDate: "2020-01-31", amountAfterDueDate: 30 });
    const { body } = await bank.inquire(billId);
    expect(body).toMatchObject({ billDetails: { billStatus: "overdue", amountDue: 30 } });
  });

  test("takes the correlation id for the request's where there is no other, and ignores a body", async () => {
    const billId = await newBill();
    const correlation = crypto.randomUUID();
    const headers = { "X-CorrelationID": correlation };
    const answer = await bank.call("GET", `/bills/${billId}/`, undefined, headers);
    expect(answer).toMatchObject({ status: 202, body: { requestId: correlation } });
    const told = await bank.answerTo(correlation);
    expect(told.headers["x-correlationid"]).toBe(correlation);
    expect((await bank.pay(billId, correlation)).status).toBe(202);
  });

  test("of a bill that its biller has not is answered with code 01", async () => {
    const { body } = await bank.inquire("EL-none");
    expect(body).toMatchObject({ code: "01", reason: "The biller has no such bill", billId: "EL-none" });
  });

  test("is refused with 404 for an unknown biller, 403 for one that is not linked, 400 for a mistyped id or a missing header", async () => {
    const ask = (billId: string, headers = {}) => bank.call("GET", `/bills/${billId}`, undefined, headers);
    expect((await ask("XX-1")).status).toBe(404);
    expect(await ask("WA12345674")).toMatchObject({
      status: 403,
      body: { responseDescription: "The payer FI is not linked with this biller" },
    });
    await link(server.client.pool, water, bank);
    expect(await ask("WA12345670")).toMatchObject({
      status: 400,
      body: { responseDescription: expect.stringContaining("check digit") },
    });
    for (const missing of ["X-CorrelationID", "X-Platform-TenantId", "X-PayerFI-Id", "X-Callback-URL"])
      expect((await ask("EL-1", { [missing]: "" })).status).toBe(400);
    expect((await ask("EL-1", { "X-PayerFI-Id": "wallet" })).status).toBe(403);
    expect((await power.call("GET", "/bills/EL-1")).status).toBe(403);
  });
});

describe("POST /billTransferRequests with a payment", () => {
  test("marks the bill paid at its biller, and tells the payer FI when the biller has acknowledged", async () => {
    const billId = await newBill();
    const { requestId: inquiry } = await bank.inquire(billId);
    const paid = await bank.pay(billId, inquiry);
    expect(paid.status).toBe(202);
    const advice = await power.adviceOf(paid.reference);
    expect(advice.body).toEqual({
      requestID: expect.stringMatching(/^P[0-9]{11}$/),
      billId,
      PaymentReferenceID: paid.reference,
      amount: 25.5,
      currency: "USD",
    });
    expect((await bank.answerTo(paid.requestId)).body).toEqual({
      requestId: paid.requestId,
      billId,
      status: "ACK",
      paymentReferenceID: paid.reference,
    });
    expect((await bank.inquire(billId)).body).toMatchObject({ billDetails: { billStatus: "paid" } });
  });

  test("of a bill that is paid is RJC/Dup with the first reference, whoever sends it", async () => {
    const { billId, reference } = await paidBill();
    const { requestId: inquiry } = await wallet.inquire(billId);
    const second = await wallet.pay(billId, inquiry);
    expect((await wallet.answerTo(second.requestId)).body).toMatchObject({
      status: "RJC",
      rejectReason: "Dup",
      firstPaymentReferenceID: reference,
    });
  });

  test("without an inquiry, of another amount or currency, in parts, or of a withdrawn bill is RJC/Def", async () => {
    const billId = await newBill();
    const { requestId: inquiry } = await bank.inquire(billId);
    const withdrawn = await newBill();
    const { requestId: earlier } = await bank.inquire(withdrawn);
    const take = { billId: withdrawn, amountOnDueDate: 1, currency: "USD", billStatus: "withdrawn" };
    await power.call("POST", "/bills", { requestId: power.nextRequestId(), bills: [take] });
    for (const sent of [
      await bank.pay(billId, "never-asked"),
      await wallet.pay(billId, inquiry),
      await bank.pay(billId, inquiry, { amount: 10 }),
      await bank.pay(billId, inquiry, { amount: 25.5, currency: "KES" }),
      await bank.pay(withdrawn, earlier),
    ]) {
      const told = await Promise.race([bank.answerTo(sent.requestId), wallet.answerTo(sent.requestId)]);
      expect(told.body).toMatchObject({ status: "RJC", rejectReason: "Def" });
    }
    const failed = await bank.pay(billId, inquiry, { paymentStatus: "failed" });
    expect((await bank.answerTo(failed.requestId)).body).toMatchObject({
      status: "RJC",
      rejectReason: "Und",
    });
    const whole = await bank.pay(billId, inquiry, { amount: "25.50", currency: "USD" });
    expect((await bank.answerTo(whole.requestId)).body["status"]).toBe("ACK");
  });

  test("sent again gets its first answer and its callback again, and 409 with another body; nothing happens twice", async () => {
    const billId = await newBill();
    const { requestId: inquiry } = await bank.inquire(billId);
    const requestId = bank.nextRequestId();
    const body = { requestId, billInquiryRequestId: inquiry, billId, paymentReferenceID: "once" };
    const send = (change = {}) => bank.call("POST", "/paymentNotifications", { ...body, ...change });
    const [first, second] = await Promise.all([send(), send()]);
    expect([first.status, first.text]).toEqual([second.status, second.text]);
    expect((await bank.answerTo(requestId)).body["status"]).toBe("ACK");
    const before = bank.receiver.received.length;
    expect((await send()).text).toBe(first.text);
    await expect.poll(() => bank.receiver.received.length, { timeout: 30_000 }).toBeGreaterThan(before);
    expect((await send({ paymentReferenceID: "twice" })).status).toBe(409);
    const advised = power.receiver.received.filter(
      (message) => message.body["PaymentReferenceID"] === "once",
    );
    expect(new Set(advised.map((message) => message.body["requestID"])).size).toBe(1);
    expect(await owedTo("power", "once")).toBe(1);
  });

  test("a payment for what it was told is good for a day, also when the due date passes meanwhile", async () => {
    const billId = await newBill({ dueDate: "2999-12-31", amountAfterDueDate: 30 });
    const { requestId: inquiry } = await bank.inquire(billId);
    const change = { billId, dueDate: "2020-01-31", amountonDueDate: 25.5, amountAfterDueDate: 30 };
    await power.call("POST", `/bills/${billId}`, { billDetails: { ...change, currency: "USD" } });
    await server.client.pool.query(
      `update bill_inquiries set answered_at = answered_at - interval '25 hours' where request_id = $1`,
      [inquiry],
    );
    const late = await bank.pay(billId, inquiry, { amount: 25.5 });
    expect((await bank.answerTo(late.requestId)).body).toMatchObject({
      rejectReason: "Def",
      reason: "A bill is paid whole: 30.00 USD is due",
    });
    const { requestId: again } = await bank.inquire(billId);
    const paid = await bank.pay(billId, again);
    expect((await power.adviceOf(paid.reference)).body["amount"]).toBe(30);
  });
});

describe("the biller's status", () => {
  test("RJC gives the money back and tells why; the bill can be paid again", async () => {
    power.react = () => {};
    const billId = await newBill();
    const { requestId: inquiry } = await bank.inquire(billId);
    const before = await balance("billHeld:power:USD");
    const paid = await bank.pay(billId, inquiry);
    const advice = await power.adviceOf(paid.reference);
    expect(await balance("billHeld:power:USD")).toBe(before + 2550n);
    expect((await power.settle(advice, "RJC", "Und")).status).toBe(202);
    expect((await bank.answerTo(paid.requestId)).body).toMatchObject({
      status: "RJC",
      rejectReason: "Und",
      reason: "The biller has rejected the payment",
    });
    expect(await balance("billHeld:power:USD")).toBe(before);
    power.react = (message) => isAdvice(message) && power.settle(message, "OK");
    const again = await bank.pay(billId, inquiry);
    expect((await bank.answerTo(again.requestId)).body["status"]).toBe("ACK");
  });

  test("in the biller's own code means what its registration says, and Dup leaves the bill paid elsewhere", async () => {
    power.react = (message) => isAdvice(message) && power.settle(message, "RJC", "E-14");
    const billId = await newBill();
    const { requestId: inquiry } = await bank.inquire(billId);
    const paid = await bank.pay(billId, inquiry);
    expect((await bank.answerTo(paid.requestId)).body).toMatchObject({ status: "RJC", rejectReason: "Dup" });
    expect((await bank.inquire(billId)).body).toMatchObject({ billDetails: { billStatus: "paid" } });
    const again = await bank.pay(billId, inquiry);
    expect((await bank.answerTo(again.requestId)).body).toMatchObject({ rejectReason: "Dup" });
  });

  test("of another biller, of nothing, or in no words that anybody knows is refused and changes nothing", async () => {
    power.react = () => {};
    const billId = await newBill();
    const { requestId: inquiry } = await bank.inquire(billId);
    const paid = await bank.pay(billId, inquiry);
    const advice = await power.adviceOf(paid.reference);
    expect((await water.settle(advice, "ACK")).status).toBe(404);
    expect((await bank.settle(advice, "ACK")).status).toBe(403);
    expect((await power.settle(advice, "MAYBE")).status).toBe(400);
    expect((await power.settle(advice, "RJC", "Nah")).status).toBe(400);
    const other = { ...advice, body: { ...advice.body, billId: "EL-other" } };
    expect((await power.settle(other, "ACK")).status).toBe(404);
    expect((await power.settle(advice, "ACK")).status).toBe(202);
    expect((await bank.answerTo(paid.requestId)).body["status"]).toBe("ACK");
  });
});

describe("POST /bills", () => {
  test("takes what it can of a list, JSON or CSV, and says of each other line why not", async () => {
    const paid = (await paidBill()).billId;
    const csv = [
      "billId,dueDate,amountOnDueDate,amountAfterDueDate,currency,payerName,instalments",
      `EL-csv-1,2026-12-31,10.50,12,USD,"Odhiambo, J.",`,
      "WA12345674,2026-12-31,10,12,USD,,",
      "EL-csv-2,31.12.2026,10,12,USD,,",
      "EL-csv-3,2026-12-31,10.505,12,USD,,",
      "EL-csv-4,2026-12-31,10,12,XXX,,",
      "EL-csv-5,2026-12-31,10,12,USD,,3",
      `${paid},2026-12-31,10,12,USD,,`,
    ].join("\r\n");
    const upload = () =>
      power.call("POST", "/bills?requestId=csv-1", csv, { "content-type": "text/csv; charset=utf-8" });
    const answer = await upload();
    expect(answer).toMatchObject({ status: 200, body: { taken: 1 } });
    const failed = answer.body["failed"] as { line: number; reason: string }[];
    expect(failed.map(({ line, reason }) => [line, reason])).toEqual([
      [2, expect.stringContaining("prefix")],
      [3, expect.stringContaining("dueDate")],
      [4, expect.stringContaining("decimals")],
      [5, expect.stringContaining("ISO 4217")],
      [6, "Instalments are not supported: a bill is paid whole"],
      [7, "The bill is paid already"],
    ]);
    expect((await upload()).text).toBe(answer.text);
    expect((await bank.inquire("EL-csv-1")).body).toMatchObject({
      billDetails: { payerName: "Odhiambo, J.", amountonDueDate: 10.5, amountAfterDueDate: 12 },
    });
  });

  test("with a malformed line is 400 that names it, and nothing of the file is taken", async () => {
    const csv = "billId,amountOnDueDate,currency\nEL-bad-1,10,USD\nEL-bad-2,,USD\n";
    const answer = await power.call("POST", "/bills?requestId=csv-2", csv, { "content-type": "text/csv" });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field: "line 3, amountOnDueDate" }] },
    });
    expect((await bank.inquire("EL-bad-1")).body["code"]).toBe("01");
    expect((await bank.call("POST", "/bills", { requestId: "x", bills: [] })).status).toBe(400);
  });
});

test("GET /billers lists the billers that a payer FI may pay, as JSON or as a file", async () => {
  const json = await wallet.call("GET", "/billers");
  expect(json.body).toEqual({
    billers: [
      {
        billerId: "power",
        billerName: "The power company",
        prefix: "EL",
        digits: null,
        checkDigit: "none",
        timeZone: "Africa/Nairobi",
      },
    ],
  });
  const csv = await wallet.call("GET", "/billers?format=csv");
  expect(csv.text.split("\r\n")[1]).toBe("power,The power company,EL,,none,Africa/Nairobi");
  expect((await power.call("GET", "/billers")).status).toBe(403);
});

describe("business payments", () => {
  test("B2G: an organisation's invoice carries its id, and is paid like any bill", async () => {
    const billId = await newBill({
      payerType: "organisation",
      payerId: "REG-2231",
      amountonDueDate: 180_000,
    });
    const { requestId, body } = await bank.inquire(billId);
    expect(body).toMatchObject({ billDetails: { payerType: "organisation", payerId: "REG-2231" } });
    const paid = await bank.pay(billId, requestId);
    expect((await bank.answerTo(paid.requestId)).body["status"]).toBe("ACK");
  });
});

test("the books balance, and hold nothing for billers that have answered", async () => {
  const accounts = await trialBalance(server.client.pool);
  const sum = accounts.reduce((total, { amountMinor }) => total + amountMinor, 0n);
  expect(sum).toBe(0n);
  const { rows } = await server.client.pool.query<{ held: bigint }>(
    `select coalesce(sum(amount_minor), 0)::bigint as held from bill_payments where state = 'advised'`,
  );
  expect(await balance("billHeld:power:USD")).toBe(rows[0]?.held);
});

async function balance(account: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find(({ id }) => id === account)?.amountMinor ?? 0n;
}

async function owedTo(biller: string, reference: string): Promise<number> {
  const { rowCount } = await server.client.pool.query(
    `select from bill_payments where biller_id = $1 and reference = $2 and state = 'acknowledged'`,
    [biller, reference],
  );
  return rowCount ?? 0;
}
