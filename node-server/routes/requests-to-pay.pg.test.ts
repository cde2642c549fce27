/** GovStack Payments BB, P2G: requests to pay and vouchers for bills, over real HTTP between all sides. */
import nacl from "tweetnacl";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seal } from "#sync/signing/sealed.ts";
import { BillParty, isAdvice, link, registerBiller, registerPayerFi } from "../../test/support/bill-party.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { createAddresses } from "../addresses.ts";
import { aliasIndex } from "../bills/payer-address.ts";
import { loadServerKeys } from "../keys.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putPayerAlias } from "../postgres/biller-admin.ts";
import { putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let power: BillParty;
let bank: BillParty;
let numbers = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  power = await BillParty.start("power", server);
  bank = await BillParty.start("bank", server);
  await registerBiller(pool, power, { prefix: "EL", voucherGroups: ["FOO"] });
  await registerPayerFi(pool, bank, { bic: "BANKKENA" });
  await link(pool, power, bank);
  for (const code of ["FOO", "SHO"]) {
    await putVoucherGroup(pool, { code, name: `Group ${code}`, validityDays: 30 });
    await fundForTest(pool, fundGroup(`t-${code}`, code, { amountMinor: 1_000_000n, currency: "USD" }));
  }
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
});

afterAll(async () => {
  for (const party of [power, bank]) await party?.close();
  await server?.close();
});

interface Asked {
  readonly requestId: string;
  readonly rtpId: number;
  readonly billId: string;
  /** As the payer FI was asked. */
  readonly message: Readonly<Record<string, unknown>>;
}

function requestBody(more: Readonly<Record<string, unknown>> = {}) {
  numbers++;
  return {
    requestId: power.nextRequestId(),
    rtpId: 4000 + numbers,
    billID: `EL-r${numbers}`,
    requestType: "00",
    payerFiDetails: { payerFIBIC: "BANKKENA", financialAddress: "KE-4455" },
    billDetails: { billerName: "Power", amount: 12.25, currency: "USD" },
    ...more,
  };
}

async function ask(more: Readonly<Record<string, unknown>> = {}): Promise<Asked> {
  const body = requestBody(more);
  const answer = await power.call("POST", "/rtpRequest", body);
  if (answer.status !== 200) throw new Error(answer.text);
  const { body: message } = await bank.receiver.waitFor(
    (received) => received.path === "/rtpRequest" && received.body["rTPID"] === body.rtpId,
  );
  return { requestId: body.requestId, rtpId: body.rtpId, billId: body.billID, message };
}

function respond({ rtpId, billId, message }: Asked, rtpStatus: string, rejectReason?: string) {
  return bank.call("POST", "/rtpResponse", {
    RequestId: bank.nextRequestId(),
    txnId: message["TxnID"],
    rtpId,
    billId,
    rtpStatus,
    ...(rejectReason === undefined ? {} : { rejectReason }),
  });
}

async function updateOf({ requestId }: Asked, status: string): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await power.receiver.waitFor(
    (received) =>
      received.path === "/rtpUpdate" &&
      received.body["requestId"] === requestId &&
      received.body["rtpStatus"] === status,
  );
  return body;
}

/** The status without a callback. */
async function statusOf({ rtpId }: Pick<Asked, "rtpId">): Promise<unknown> {
  const answer = await power.call("GET", `/transferRequests/${rtpId}`, undefined, { "X-Callback-URL": "" });
  return answer.body["requestStatus"];
}

describe("POST /rtpRequest", () => {
  test("of type 00 is acknowledged with 200 and asks the payer at its FI; accepted and paid it is COM", async () => {
    const asked = await ask();
    expect(asked.message).toEqual({
      TxnID: expect.stringMatching(/^R[0-9]{11}$/),
      rTPID: asked.rtpId,
      billDetails: { "Bill ID": asked.billId, "Biller Name": "Power", Amount: 12.25, currency: "USD" },
      financialAddress: "KE-4455",
      expiry: expect.any(Number),
    });
    expect(await statusOf(asked)).toBe("PND");
    expect((await respond(asked, "00")).status).toBe(200);
    expect(await updateOf(asked, "00")).toEqual({
      requestId: asked.requestId,
      rtpId: asked.rtpId,
      billId: asked.billId,
      rtpStatus: "00",
    });
    expect(await statusOf(asked)).toBe("PND");
    const paid = await bank.pay(asked.billId, String(asked.message["TxnID"]));
    expect((await bank.answerTo(paid.requestId)).body["status"]).toBe("ACK");
    const correlation = crypto.randomUUID();
    const question = await power.call("GET", `/transferRequests/${asked.rtpId}`, undefined, {
      "X-CorrelationID": correlation,
    });
    expect(question.status).toBe(202);
    const { body } = await power.receiver.waitFor((told) => told.body["RequestId"] === correlation);
    expect(body).toEqual({
      rtpId: asked.rtpId,
      RequestId: correlation,
      requestStatus: "COM",
      PaymentReferenceID: paid.reference,
      lastUpdateDate: expect.any(Number),
    });
  });

  test("of type 01 finds the payer by an alias, however it is written, and says clearly when nobody has it", async () => {
    const { addressKey } = await loadServerKeys(server.keysFolder);
    const addresses = createAddresses(addressKey, nacl.randomBytes);
    const index = aliasIndex(addresses, { type: "01", id: "+254 700-000001" });
    const sealedAddress = addresses.ofPayers.seal("KE-9988");
    await putPayerAlias(server.client.pool, { type: "01", index, payerFiId: "bank", sealedAddress }, "Amina");
    const alias = { aliasType: "01", aliasId: "+254700000001" };
    const asked = await ask({ requestType: "01", alias });
    expect(asked.message["financialAddress"]).toBe("KE-9988");
    const unknown = { requestType: "01", alias: { aliasType: "02", aliasId: "nobody@example.org" } };
    expect(await power.call("POST", "/billTransferRequests", requestBody(unknown))).toMatchObject({
      status: 400,
      body: { responseDescription: expect.stringContaining("Nobody is registered under this alias") },
    });
    const { rows } = await server.client.pool.query<{ text: string }>(
      `select row_to_json(a)::text as text from payer_aliases a
       union all select row_to_json(r)::text from requests_to_pay r`,
    );
    const stored = rows.map(({ text }) => text).join();
    // Shorter parts of the alias are found by chance in what is sealed.
    for (const secret of ["700000001", "700-000001", "KE-9988", "KE-4455"]) {
      expect(stored).not.toContain(secret);
      expect(stored).not.toContain(Buffer.from(secret).toString("hex"));
    }
  });

  test("of type 01 finds whom a payer FI has mapped itself; whom two of them have is not guessed", async () => {
    const other = await BillParty.start("wallet", server);
    await registerPayerFi(server.client.pool, other, { bic: "WALLKENA" });
    await link(server.client.pool, power, other);
    // As its own customer, by the public API of the account mapper.
    const customer = async (payerFi: BillParty, payeeIdentity: string, FinancialAddress: string) => {
      const account = { payeeIdentity, PaymentModality: "00", FinancialAddress };
      const body = { requestID: payerFi.nextRequestId(), beneficiaries: [account] };
      const answer = await payerFi.call("POST", "/beneficiary", body, {
        "X-Callback-URL": "",
        "X-Registering-Institution-ID": payerFi.id,
      });
      expect(answer).toMatchObject({ status: 200, body: { failedCases: [] } });
    };
    await customer(bank, "+254711000001", "NL87ABNA4193835510");
    const mine = await ask({
      requestType: "01",
      alias: { aliasType: "01", aliasId: "+254 711 000 001" },
    });
    expect(mine.message["financialAddress"]).toBe("NL87ABNA4193835510");
    await customer(other, "+254711000001", "KE-2222");
    const both = { requestType: "01", alias: { aliasType: "01", aliasId: "+254711000001" } };
    expect(await power.call("POST", "/rtpRequest", requestBody(both))).toMatchObject({
      status: 400,
      body: { responseDescription: expect.stringContaining("Several payer FIs") },
    });
    await other.close();
  });

  test("G2B: an organisation is asked by its id", async () => {
    const { addressKey } = await loadServerKeys(server.keysFolder);
    const addresses = createAddresses(addressKey, nacl.randomBytes);
    const index = aliasIndex(addresses, { type: "00", id: "REG-2231" });
    const sealedAddress = addresses.ofPayers.seal("KE-B-1");
    await putPayerAlias(server.client.pool, { type: "00", index, payerFiId: "bank", sealedAddress }, "Amina");
    const asked = await ask({ requestType: "01", alias: { aliasType: "00", aliasId: "REG-2231" } });
    const paid = await bank.pay(asked.billId, String(asked.message["TxnID"]));
    expect((await bank.answerTo(paid.requestId)).body["status"]).toBe("ACK");
    expect(await statusOf(asked)).toBe("COM");
  });

  test("is refused for another's bill, a number used before, another amount, a paid bill, an unknown FI or a past expiry", async () => {
    const asked = await ask();
    const send = (more: Readonly<Record<string, unknown>>, party = power) =>
      party.call("POST", "/rtpRequest", requestBody(more));
    expect((await send({}, bank)).status).toBe(403);
    expect((await send({ billID: "WA-1" })).status).toBe(400);
    expect((await send({ rtpId: asked.rtpId })).status).toBe(409);
    expect(
      (await send({ billID: asked.billId, billDetails: { billerName: "P", amount: 1, currency: "USD" } }))
        .status,
    ).toBe(400);
    expect((await send({ payerFiDetails: { payerFIBIC: "NOBANK00", financialAddress: "1" } })).status).toBe(
      400,
    );
    expect((await send({ expiry: 1_000_000_000 })).status).toBe(400);
    expect((await send({ requestType: "01" })).status).toBe(400);
    const paid = await bank.pay(asked.billId, String(asked.message["TxnID"]));
    await bank.answerTo(paid.requestId);
    expect((await send({ billID: asked.billId })).status).toBe(409);
  });
});

describe("a request to pay", () => {
  test("that the payer rejects is RJC with R, and with W where the payer is not the FI's customer", async () => {
    for (const [sent, told] of [
      [undefined, "R"],
      ["W", "W"],
    ] as const) {
      const asked = await ask();
      expect((await respond(asked, "01", sent)).status).toBe(200);
      expect(await updateOf(asked, "01")).toMatchObject({ rejectReason: told });
      expect(await statusOf(asked)).toBe("RJC");
      expect((await respond(asked, "00")).status).toBe(409);
    }
  });

  test("expires by the schedule and is EXP; the address is forgotten and a late answer is refused", async () => {
    const asked = await ask({ expiry: Math.floor(Date.now() / 1000) + 3600 });
    const { pool } = server.client;
    await pool.query(
      `update requests_to_pay set expires_at = clock_timestamp() - interval '1 second' where rtp_id = $1`,
      [asked.rtpId],
    );
    expect(await updateOf(asked, "01")).toMatchObject({ rejectReason: "E", rtpStatus: "01" });
    expect(await statusOf(asked)).toBe("EXP");
    const stored = await pool.query(`select sealed_address from requests_to_pay where rtp_id = $1`, [
      asked.rtpId,
    ]);
    expect(stored.rows).toEqual([{ sealed_address: null }]);
    expect(await respond(asked, "00")).toMatchObject({
      status: 409,
      body: { responseDescription: "The request to pay has expired" },
    });
  });

  test("is cancelled by its biller, and by nobody else, and is CAN", async () => {
    const asked = await ask();
    const cancel = (party: BillParty) =>
      party.call("PUT", `/transferRequests/${asked.rtpId}?command=cancel`, {
        requestId: party.nextRequestId(),
      });
    expect((await cancel(bank)).status).toBe(404);
    expect((await cancel(power)).status).toBe(200);
    expect((await cancel(power)).status).toBe(409);
    expect(await statusOf(asked)).toBe("CAN");
    // Its payer's FI is told, once, and knows by the same id which request that was.
    const told = await bank.receiver.waitFor(
      ({ path, body }) => path === "/rtpUpdate" && body["TxnID"] === asked.message["TxnID"],
    );
    expect(told.body).toEqual({
      TxnID: asked.message["TxnID"],
      rTPID: asked.rtpId,
      billId: asked.billId,
      requestStatus: "CAN",
    });
    expect((await respond(asked, "00")).status).toBe(409);
    // The bill is due all the same.
    const { requestId } = await bank.inquire(asked.billId);
    const paid = await bank.pay(asked.billId, requestId);
    expect((await bank.answerTo(paid.requestId)).body["status"]).toBe("ACK");
  });

  test("is completed by the bill's payment, whoever paid and by whatever inquiry", async () => {
    const asked = await ask();
    const { requestId } = await bank.inquire(asked.billId);
    const paid = await bank.pay(asked.billId, requestId);
    await bank.answerTo(paid.requestId);
    expect(await statusOf(asked)).toBe("COM");
    const late = await bank.pay(asked.billId, String(asked.message["TxnID"]));
    expect((await bank.answerTo(late.requestId)).body).toMatchObject({ rejectReason: "Dup" });
  });

  test("is asked about by its own biller only", async () => {
    expect(await statusOf({ rtpId: 999_999 })).toBeUndefined();
    const asked = await ask();
    const answer = await bank.call("GET", `/transferRequests/${asked.rtpId}`);
    expect(answer.status).toBe(404);
  });

  test("sent again is one request, and its answer comes from one FI only", async () => {
    const body = requestBody();
    const [first, second] = [
      await power.call("POST", "/rtpRequest", body),
      await power.call("POST", "/rtpRequest", body),
    ];
    expect([first.status, second.text]).toEqual([200, first.text]);
    const other = { ...body, billDetails: { ...body.billDetails, amount: 13 } };
    expect((await power.call("POST", "/rtpRequest", other)).status).toBe(409);
    const { body: message } = await bank.receiver.waitFor(
      (received) => received.body["rTPID"] === body.rtpId,
    );
    const asked = { requestId: body.requestId, rtpId: body.rtpId, billId: body.billID, message };
    expect((await respond({ ...asked, billId: "EL-other" }, "00")).status).toBe(404);
    expect((await respond({ ...asked, message: { TxnID: "R00000099999" } }, "00")).status).toBe(404);
    expect((await respond(asked, "00")).status).toBe(200);
    expect((await respond(asked, "00")).status).toBe(200);
  });
});

describe("POST /voucherRedemption", () => {
  async function dueBill(amount: number): Promise<{ billId: string; inquiry: string }> {
    numbers++;
    const bill = { billId: `EL-v${numbers}`, amountOnDueDate: amount, currency: "USD" };
    await power.call("POST", `/bills/${bill.billId}`, { billDetails: bill });
    const { requestId } = await bank.inquire(bill.billId);
    return { billId: bill.billId, inquiry: requestId };
  }

  async function voucher(amount: number, group = "FOO") {
    const [issued] = await server.institution.createVouchers(group, [amount]);
    if (!issued) throw new Error("no voucher was made");
    await server.institution.activate([issued.serialNumber]);
    return issued;
  }

  function redeem(
    { billId, inquiry }: { readonly billId: string; readonly inquiry: string },
    secret: Readonly<Record<string, string>>,
    more: Readonly<Record<string, unknown>> = {},
  ) {
    const requestId = bank.nextRequestId();
    const body = { requestId, billInquiryRequestId: inquiry, billId, ...secret, ...more };
    return bank.call("POST", "/voucherRedemption", body);
  }

  async function sealed(number: string): Promise<Record<string, string>> {
    const box = seal(await server.institution.serverKey(), new TextEncoder().encode(number), (length) =>
      nacl.randomBytes(length),
    );
    return { VoucherSecretHash: `box:${Buffer.from(box).toString("base64")}` };
  }

  test("consumes the voucher and pays the bill in one decision; the number sealed, or with its serial", async () => {
    for (const how of ["sealed", "serial"]) {
      const { serialNumber, number } = await voucher(20);
      const due = await dueBill(20);
      const secret =
        how === "sealed"
          ? await sealed(number)
          : { voucherSerialNumber: serialNumber, voucherSecretNumber: number };
      const answer = await redeem(due, secret);
      expect(answer).toMatchObject({ status: 202, body: { code: "00" } });
      expect(answer.text).not.toContain(number);
      await expect.poll(() => server.institution.status(serialNumber), { timeout: 30_000 }).toBe("Consumed");
      expect((await bank.inquire(due.billId)).body).toMatchObject({ billDetails: { billStatus: "paid" } });
    }
  });

  test("of a bill that is paid meanwhile leaves the voucher usable", async () => {
    const { serialNumber, number } = await voucher(20);
    const due = await dueBill(20);
    const paid = await bank.pay(due.billId, due.inquiry);
    await bank.answerTo(paid.requestId);
    const answer = await redeem(due, await sealed(number));
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "01", reason: expect.stringContaining("paid") },
    });
    expect(await server.institution.status(serialNumber)).toBe("Activated");
  });

  test("whose bill the biller rejects gives the voucher back, and the payer FI is told", async () => {
    power.react = (message) => isAdvice(message) && power.settle(message, "RJC", "Dup");
    const { serialNumber, number } = await voucher(20);
    const due = await dueBill(20);
    const answer = await redeem(due, await sealed(number));
    expect(answer.status).toBe(202);
    const { body } = await bank.answerTo(String(answer.body["RequestID"]));
    expect(body).toMatchObject({ status: "RJC", rejectReason: "Dup" });
    expect(await server.institution.status(serialNumber)).toBe("Activated");
    power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
    expect((await redeem(await dueBill(20), await sealed(number))).status).toBe(202);
  });

  test("is 400 with its own reason for another value, group, number, secret or state; the voucher stays", async () => {
    const { serialNumber, number } = await voucher(20);
    const shoes = await voucher(20, "SHO");
    const due = await dueBill(20);
    const more = await dueBill(21);
    const plain = { voucherSerialNumber: serialNumber, voucherSecretNumber: number };
    const refusals = [
      [await redeem(more, plain), "value"],
      [await redeem(due, await sealed(shoes.number)), "group"],
      [await redeem(due, { ...plain, voucherSecretNumber: "1234567890123452" }), "number is wrong"],
      [await redeem(due, { VoucherSecretHash: "5e884898da28" }), "sealed for the boxPublicKey"],
      [await redeem(due, { VoucherSecretHash: "box:AAAA" }), "sealed for the boxPublicKey"],
      [await redeem({ ...due, inquiry: "never" }, plain), "inquiry"],
      [await redeem(due, plain, { billDetails: { amount: 19 } }), "paid whole"],
      [await redeem(due, {}), "Send VoucherSecretHash"],
    ] as const;
    for (const [answer, reason] of refusals) {
      expect(answer).toMatchObject({ status: 400, body: { code: "01" } });
      expect(answer.body["reason"]).toContain(reason);
      expect(String(answer.body["reason"]).length).toBeLessThanOrEqual(100);
    }
    expect(await server.institution.status(serialNumber)).toBe("Activated");
    await server.institution.cancel([serialNumber]);
    expect((await redeem(due, plain)).body["reason"]).toBe("The voucher is cancelled");
  });

  test("sent twice at once takes one voucher once, and with another body it is 409", async () => {
    const { number } = await voucher(20);
    const due = await dueBill(20);
    const body = {
      requestId: bank.nextRequestId(),
      billInquiryRequestId: due.inquiry,
      billId: due.billId,
      ...(await sealed(number)),
    };
    const send = (change = {}) => bank.call("POST", "/voucherRedemption", { ...body, ...change });
    const [first, second] = await Promise.all([send(), send()]);
    expect([first.status, first.text]).toEqual([202, second.text]);
    expect(await send({ billDetails: { amount: 20 } })).toMatchObject({ status: 409, body: { code: "01" } });
  });

  test("and the books balance, with every claim of a biller settled with its payment", async () => {
    const accounts = await trialBalance(server.client.pool);
    expect(accounts.reduce((total, { amountMinor }) => total + amountMinor, 0n)).toBe(0n);
    const { rows } = await server.client.pool.query(
      `select count(*) filter (where c.state = 'paid') > 0 as some_paid,
         count(*) filter (where c.state = 'released') > 0 as some_released
       from claims c join bill_payments p on p.claim_id = c.id`,
    );
    expect(rows).toEqual([{ some_paid: true, some_released: true }]);
  });
});
