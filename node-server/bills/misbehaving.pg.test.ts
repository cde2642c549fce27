/** Billers that answer late, twice, out of order, not at all, or with rubbish: everybody is told one and the same. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BillParty, isAdvice, link, registerBiller, registerPayerFi } from "../../test/support/bill-party.ts";
import type { ReceivedCallback } from "../../test/support/callback-receiver.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let biller: BillParty;
let bank: BillParty;
let bills = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  biller = await BillParty.start("tax", server);
  bank = await BillParty.start("bank", server);
  await registerBiller(pool, biller, { prefix: "TX", inquiry: "asked", answerSeconds: 600 });
  await registerPayerFi(pool, bank);
  await link(pool, biller, bank);
});

beforeEach(() => {
  biller.react = () => {};
  biller.reactBefore = () => {};
});

afterAll(async () => {
  for (const party of [biller, bank]) await party?.close();
  await server?.close();
});

function nextBill(): string {
  bills++;
  return `TX-${bills}`;
}

const details = { dueDate: "2999-12-31", amountonDueDate: 40, amountAfterDueDate: 44, currency: "USD" };

function isQuestion({ method, path }: ReceivedCallback): boolean {
  return method === "GET" && path.startsWith("/bills/");
}

function tell(billId: string, billDetails: Readonly<Record<string, unknown>> = details) {
  return biller.call("POST", `/bills/${billId}`, { requestId: "q", code: "00", billDetails });
}

async function inquire(billId: string): Promise<string> {
  const requestId = bank.nextRequestId();
  expect((await bank.call("GET", `/bills/${billId}?requestId=${requestId}`)).status).toBe(202);
  return requestId;
}

/** Inquired about and paid, the biller's answer to the payment still open. */
async function advised(): Promise<{ advice: ReceivedCallback; requestId: string; billId: string }> {
  biller.react = (message) => isQuestion(message) && tell(message.path.split(/[/?]/)[2] ?? "");
  const billId = nextBill();
  const { requestId } = await bank.inquire(billId);
  const paid = await bank.pay(billId, requestId);
  return { advice: await biller.adviceOf(paid.reference), requestId: paid.requestId, billId };
}

function outcomesOf(requestId: string): unknown[] {
  return bank.receiver.received
    .filter(({ body }) => body["requestId"] === requestId && "status" in body)
    .map(({ body }) => body["status"]);
}

describe("a biller that is asked about a bill", () => {
  test("is asked by GET with the inquiry's correlation id, and its answer reaches whoever asked", async () => {
    biller.react = (message) => isQuestion(message) && tell(message.path.split(/[/?]/)[2] ?? "");
    const billId = nextBill();
    const { body } = await bank.inquire(billId);
    expect(body).toMatchObject({ code: "00", billDetails: { amountDue: 40, billStatus: "unpaid" } });
    const question = biller.receiver.received.find((message) => message.path.includes(`/${billId}?`));
    expect(question?.headers["x-correlationid"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(question?.headers["signature"]).toBeDefined();
  });

  test("and says nothing in time: whoever asked is told so, and told again when the answer comes late", async () => {
    const billId = nextBill();
    const requestId = await inquire(billId);
    await server.client.pool.query(`update bill_inquiries set due_at = asked_at where request_id = $1`, [
      requestId,
    ]);
    const late = await bank.answerTo(requestId);
    expect(late.body).toMatchObject({ code: "01", reason: expect.stringContaining("not answered in time") });
    expect((await tell(billId)).status).toBe(202);
    const told = await bank.receiver.waitFor(
      ({ body }) => body["requestId"] === requestId && body["code"] === "00",
    );
    expect(told.body).toMatchObject({ billDetails: { amountDue: 40 } });
    const paid = await bank.pay(billId, requestId);
    expect(await biller.adviceOf(paid.reference)).toBeDefined();
  });

  test("and answers two inquiries in the other order, and each twice, answers both", async () => {
    const [first, second] = [nextBill(), nextBill()];
    const asked = [await inquire(first), await inquire(second)];
    const cheap = { ...details, amountonDueDate: 7 };
    for (const [bill, what] of [
      [second, cheap],
      [first, details],
      [second, cheap],
      [first, details],
    ] as const)
      expect((await tell(bill, what)).status).toBe(202);
    const bodies = await Promise.all(asked.map(async (id) => (await bank.answerTo(id)).body));
    expect(bodies).toMatchObject([
      { billId: first, billDetails: { amountDue: 40 } },
      { billId: second, billDetails: { amountDue: 7 } },
    ]);
  });

  test("and answers with rubbish is refused for what is wrong, and nothing of it is believed", async () => {
    const billId = nextBill();
    const requestId = await inquire(billId);
    const rubbish = [
      "not json",
      [],
      { code: "00" },
      { code: "02", billDetails: details },
      { billDetails: { ...details, amountonDueDate: "lots" } },
      { billDetails: { ...details, amountonDueDate: -1 } },
      { billDetails: { ...details, currency: "ZZZ" } },
      { billDetails: { ...details, dueDate: "tomorrow" } },
      { billDetails: details, billId: "TX-other" },
      { billDetails: { ...details, instalments: 12 } },
      { billDetails: { ...details, payerName: "\u0000" } },
    ];
    for (const body of rubbish) {
      const answer = await biller.call("POST", `/bills/${billId}`, body);
      expect(answer.status, JSON.stringify(body)).toBe(400);
    }
    expect((await biller.call("POST", "/bills/EL-1", { billDetails: details })).status).toBe(403);
    expect((await bank.call("POST", `/bills/${billId}`, { billDetails: details })).status).toBe(403);
    expect((await tell(billId)).status).toBe(202);
    expect((await bank.answerTo(requestId)).body).toMatchObject({ code: "00" });
  });

  test("and has no such bill says why, and whoever asked is told it", async () => {
    const billId = nextBill();
    const requestId = await inquire(billId);
    const reason = "This account was closed in May";
    await biller.call("POST", `/bills/${billId}`, { code: "01", reason });
    expect((await bank.answerTo(requestId)).body).toMatchObject({ code: "01", reason });
  });
});

describe("a biller that is told of a payment", () => {
  test("and answers before it has said that it has the message is believed all the same", async () => {
    biller.reactBefore = (message) => isAdvice(message) && biller.settle(message, "ACK");
    const { requestId } = await advised();
    expect((await bank.answerTo(requestId)).body["status"]).toBe("ACK");
  });

  test("and acknowledges twice, at once and later, has acknowledged once", async () => {
    const { advice, requestId } = await advised();
    const answers = await Promise.all([biller.settle(advice, "ACK"), biller.settle(advice, "ACK")]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect((await biller.settle(advice, "ACK")).status).toBe(202);
    expect((await bank.answerTo(requestId)).body["status"]).toBe("ACK");
    expect(await moneyOf(advice)).toEqual(["credit-biller", "hold-bill-payment"]);
  });

  test("and changes its mind keeps its first answer, whichever that was, and an operator is alerted", async () => {
    for (const [first, then] of [
      ["ACK", "RJC"],
      ["RJC", "ACK"],
    ] as const) {
      const { advice, requestId } = await advised();
      expect((await biller.settle(advice, first)).status).toBe(202);
      expect((await bank.answerTo(requestId)).body["status"]).toBe(first);
      expect((await biller.settle(advice, then)).status).toBe(409);
      const alert = [`bill-payment:${BigInt(String(advice.body["requestID"]).slice(1))}`];
      const { rows } = await server.client.pool.query(`select kind from alerts where subject = $1`, alert);
      expect(rows).toEqual([{ kind: "biller-contradicts" }]);
      expect(outcomesOf(requestId)).toEqual([first]);
    }
  });

  test("and answers several in the other order settles each", async () => {
    const open = [await advised(), await advised(), await advised()];
    for (const { advice } of open.toReversed()) await biller.settle(advice, "ACK");
    for (const { requestId } of open) expect((await bank.answerTo(requestId)).body["status"]).toBe("ACK");
  });

  test("and is away gets the message when it is back; one that has taken it and says nothing is told again", async () => {
    biller.receiver.refuseNext(1);
    const { advice, requestId } = await advised();
    const again = () =>
      biller.receiver.received.filter(({ body }) => body["requestID"] === advice.body["requestID"]).length;
    await server.client.pool.query(
      `update bill_payments set remind_at = clock_timestamp() where state = 'advised' and bill_id = $1`,
      [advice.body["billId"]],
    );
    await expect.poll(again, { timeout: 40_000, interval: 200 }).toBe(2);
    expect(outcomesOf(requestId)).toEqual([]);
    await biller.settle(advice, "ACK");
    expect((await bank.answerTo(requestId)).body["status"]).toBe("ACK");
  });

  test("and answers nonsense is refused, and is told of the payment still", async () => {
    const { advice, requestId } = await advised();
    const { requestID, billId } = advice.body;
    for (const body of [
      {},
      { requestId: requestID, billId, status: 7 },
      { requestId: requestID, billId, status: "paid!" },
      { requestId: "P99999999999", billId, status: "ACK" },
      { requestId: String(requestID).toLowerCase(), billId, status: "ACK" },
      { requestId: requestID, billId: nextBill(), status: "ACK" },
    ]) {
      const answer = await biller.call("POST", "/billTransferRequests", body);
      expect([400, 404], JSON.stringify(body)).toContain(answer.status);
    }
    await biller.settle(advice, "ACK");
    expect((await bank.answerTo(requestId)).body["status"]).toBe("ACK");
  });
});

test("and the books balance", async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((total, { amountMinor }) => total + amountMinor, 0n)).toBe(0n);
});

async function moneyOf(advice: ReceivedCallback): Promise<unknown[]> {
  const id = BigInt(String(advice.body["requestID"]).slice(1));
  const { rows } = await server.client.pool.query<{ kind: string }>(
    `select kind from journal_entries where idempotency_key like 'bill-%:' || $1 order by kind`,
    [id],
  );
  return rows.map(({ kind }) => kind);
}
