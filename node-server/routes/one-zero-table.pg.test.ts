/** Every row of the 1.0 table over HTTP on a seeded sandbox, valid and invalid, each call sent twice in a row. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAnswerCheck } from "../../test/support/openapi.ts";
import type { OpenApi } from "../../test/support/openapi.ts";
import { startTestSandbox } from "../../test/support/sandbox.ts";
import type { TestSandbox } from "../../test/support/sandbox.ts";
import { trialBalance } from "../postgres/registry-admin.ts";

let sandbox: TestSandbox;
let check: ReturnType<typeof createAnswerCheck>;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  check = createAnswerCheck((await sandbox.call("GET", "/openapi.json")).body as unknown as OpenApi);
});

afterAll(() => sandbox.close());

type Row = readonly [name: string, body: unknown, status: number];

describe("POST /vouchers/voucher_preactivation", () => {
  const path = "/vouchers/voucher_preactivation";
  const good = {
    voucher_amount: "15.21",
    voucher_currency: "AED",
    voucher_group: "string",
    Gov_Stack_BB: "bb-relief",
  };

  test("each call without a correlation id makes a new voucher", async () => {
    const [first, again] = await twice("POST", path, { ...good, voucher_comment: "for bread" });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(first.body).toEqual({
      voucher_number: expect.stringMatching(/^[1-9][0-9]{15}$/) as unknown,
      voucher_serial_number: expect.stringMatching(/^[0-9]{16}$/) as unknown,
      expiry_date_time: expect.stringMatching(/^[0-9-]{10}T.*Z$/) as unknown,
    });
    expect(again.body["voucher_serial_number"]).not.toBe(first.body["voucher_serial_number"]);
    expect(again.body["voucher_number"]).not.toBe(first.body["voucher_number"]);
  });

  test("one with a correlation id is one voucher, and its callback URL is neither checked nor called", async () => {
    const headers = {
      "X-CorrelationID": "c-1",
      "X-Callback-URL": "not a url",
      "X-Channel": "Web",
      "X-Date": "today",
    };
    const [first, again] = await twice("POST", `${path}/`, good, headers);
    expect(first.status).toBe(200);
    expect(again.body).toEqual(first.body);
  });

  const rows: readonly Row[] = [
    ["no body", undefined, 400],
    ["an empty body", {}, 400],
    ["no JSON", "{", 400],
    ["no object", [good], 400],
    ["a comment that is no text", { ...good, voucher_comment: 7 }, 400],
    ["an integer above 2^53 - 1", '{"voucher_amount":9007199254740993,"Gov_Stack_BB":"bb-relief"}', 400],
    ["no amount", { ...good, voucher_amount: null }, 452],
    ["an amount that is a number", { ...good, voucher_amount: 15.21 }, 452],
    ["a malformed amount", { ...good, voucher_amount: "015" }, 452],
    ["a negative amount", { ...good, voucher_amount: "-1" }, 452],
    ["more decimals than the currency has", { ...good, voucher_amount: "1.005" }, 452],
    ["an amount of zero", { ...good, voucher_amount: "0.00" }, 452],
    ["an amount that no ledger holds", { ...good, voucher_amount: "999999999999999999" }, 452],
    ["no currency", { ...good, voucher_currency: null }, 453],
    ["an unknown currency", { ...good, voucher_currency: "ZZZ" }, 453],
    ["no group", { ...good, voucher_group: null }, 454],
    ["an unknown group", { ...good, voucher_group: "nothing" }, 454],
    ["more than the group has", { ...good, voucher_amount: "1000000.01" }, 455],
    ["no building block", { ...good, Gov_Stack_BB: undefined }, 460],
    ["an unknown building block", { ...good, Gov_Stack_BB: "invalid_bb" }, 460],
    ["a building block of a voucher that shall not exist", { ...good, Gov_Stack_BB: "bb-nowhere" }, 460],
    ["a source building block", { ...good, Gov_Stack_BB: "bb-pensions1" }, 200],
    ["a group by its code", { ...good, voucher_group: "GEN" }, 200],
  ];
  test.each(rows)("%s", (_name, body, status) => expectTwice("POST", path, body, status));
});

describe("PATCH /vouchers/voucher_activation", () => {
  const path = "/vouchers/voucher_activation";
  const activation = (voucher_serial_number: unknown, Gov_Stack_BB: unknown = "bb-relief") => ({
    voucher_serial_number,
    Gov_Stack_BB,
  });

  test("activates once; the second time it says so and changes nothing", async () => {
    const [first, again] = await twice("PATCH", path, activation(102));
    expect([first.status, first.body]).toEqual([200, { result_status: "Voucher is successfully activated" }]);
    const expiry = await expiryOf(102n);
    const third = await sandbox.call("PATCH", path, activation("0000000000000102"));
    expect([again, third].map(({ status, body }) => [status, body])).toEqual([
      [200, { result_status: "Already activated" }],
      [200, { result_status: "Already activated" }],
    ]);
    expect(await expiryOf(102n)).toEqual(expiry);
  });

  test("a building block is known by its long name and by its id", async () => {
    const long = "a building block with a long name";
    expect((await sandbox.call("PATCH", path, activation(103, long))).status).toBe(200);
    expect((await sandbox.call("PATCH", path, activation(103, await idOf(long)))).status).toBe(200);
  });

  const rows: readonly Row[] = [
    ["no body", undefined, 400],
    ["an empty body", {}, 400],
    [
      "an integer above 2^53 - 1",
      '{"voucher_serial_number":9007199254740993,"Gov_Stack_BB":"bb-relief"}',
      400,
    ],
    ["no serial", activation(undefined), 456],
    ["a serial that is no number", activation("invalid_voucher_serial_number"), 456],
    ["a serial with a fraction", '{"voucher_serial_number":1.5,"Gov_Stack_BB":"bb-relief"}', 456],
    ["an unknown serial", activation(999), 456],
    ["another building block's voucher", activation(110, "bb-pensions1"), 456],
    ["one that is not pre-activated", activation(101), 456],
    ["a suspended one", activation(120), 456],
    ["a blocked one", activation(130), 456],
    ["a purged one", activation(140), 456],
    ["a cancelled one", activation(160), 456],
    ["a used one", activation(170), 456],
    ["an expired one", activation(180), 456],
    ["one that shall not exist", activation(150), 456],
    ["an unknown building block", activation(110, "not_exist"), 460],
    ["no building block", activation(110, null), 460],
  ];
  test.each(rows)("%s", (_name, body, status) => expectTwice("PATCH", path, body, status));

  test("each refused state has its own message", async () => {
    const serials = [101, 120, 130, 140, 160, 170, 180, 999];
    const answers = await Promise.all(
      serials.map((serial) => sandbox.call("PATCH", path, activation(serial))),
    );
    expect(new Set(answers.map(({ body }) => body["message"])).size).toBe(serials.length);
  });
});

describe.each(["/vouchers/voucher_redemption", "/vouchers/voucher_redeemption/"])("POST %s", (path) => {
  const number = path.endsWith("/") ? 7011 : "7010";
  const fresh = path.endsWith("/") ? 7013 : "7012";
  const good = {
    voucher_number: number as unknown,
    Gov_Stack_BB: "bb-relief" as unknown,
    merchant_name: "Ada Fishmonger",
    merchant_bank_details: "Harbour Savings",
    merchant_voucher_group: "Payment Voucher" as unknown,
    override: true as unknown,
  };
  const cleo = { merchant_name: "Cleo Baker", merchant_bank_details: "Dry Well Bank" };
  const dov = { merchant_name: "Dov Tailor" };
  const bram = { merchant_name: "Bram Bookseller", merchant_voucher_group: "string" };

  const before: readonly Row[] = [
    ["no body", undefined, 400],
    ["an empty body", {}, 400],
    ["an override that is no boolean", { ...good, override: "perhaps" }, 400],
    ["an integer above 2^53 - 1", '{"voucher_number":9007199254740993,"Gov_Stack_BB":"bb-relief"}', 400],
    ["an unknown building block", { ...good, Gov_Stack_BB: "invalid_bb" }, 460],
    ["no building block", { ...good, Gov_Stack_BB: undefined }, 460],
    ["no number", { ...good, voucher_number: null }, 461],
    ["a number that is none", { ...good, voucher_number: "notAnumber" }, 461],
    ["an unknown number", { ...good, voucher_number: 1234567812345678 }, 461],
    ["the number of one that shall not exist", { ...good, voucher_number: 7050 }, 461],
    ["a serial in place of the number", { ...good, voucher_number: 110 }, 461],
    ["a provider that is short of funds", { ...good, ...cleo }, 462],
    [
      "the same for a used voucher: the merchant's money comes first",
      { ...good, ...cleo, voucher_number: 7070 },
      462,
    ],
    ["a merchant whose account is closed", { ...good, ...dov }, 463],
    ["the same for an expired voucher", { ...good, ...dov, voucher_number: 7080 }, 463],
    ["an unknown merchant", { ...good, merchant_name: "Nobody" }, 463],
    ["another merchant's bank", { ...good, merchant_bank_details: "Dry Well Bank" }, 463],
    ["no merchant", { ...good, merchant_name: null }, 463],
    ["a used voucher", { ...good, voucher_number: 7070 }, 458],
    ["an expired voucher", { ...good, voucher_number: "7080" }, 459],
    ["one that is not pre-activated", { ...good, voucher_number: 7001 }, 461],
    ["a suspended one", { ...good, voucher_number: 7020 }, 461],
    ["a blocked one", { ...good, voucher_number: 7030 }, 461],
    ["a purged one", { ...good, voucher_number: 7040 }, 461],
    ["a cancelled one", { ...good, voucher_number: 7060 }, 461],
    ["a merchant of another group", { ...good, ...bram, override: false }, 461],
    [
      "a group that is not the voucher's",
      { ...good, merchant_voucher_group: "string", override: false },
      461,
    ],
    ["an override by a building block that may not", { ...good, ...bram, Gov_Stack_BB: "bb-pensions1" }, 461],
  ];
  test.each(before)("%s", (_name, body, status) => expectTwice("POST", path, body, status));

  test("each refused state has its own message", async () => {
    const numbers = [7001, 7020, 7030, 7040, 7060, 1234567812345678];
    const answers = await Promise.all(
      numbers.map((voucher_number) => sandbox.call("POST", path, { ...good, voucher_number })),
    );
    expect(new Set(answers.map(({ body }) => body["message"])).size).toBe(numbers.length);
    expect(JSON.stringify(answers)).not.toContain("1234567812345678");
  });

  test("pays once: the second time the voucher is used", async () => {
    const paid = await balanceOf("merchant:m-1:USD");
    const [first, again] = await twice("POST", path, { ...good, override: false });
    expect([first.status, again.status]).toEqual([200, 458]);
    expect(first.body).toEqual({ result_status: "Voucher is successfully redeemed" });
    expect(await balanceOf("merchant:m-1:USD")).toBe(paid + 5000n);
  });

  test("with an override, and with a correlation id, the second time is the first", async () => {
    const body = { ...good, ...bram, voucher_number: fresh, override: "true" };
    const [first, again] = await twice("POST", path, body, { "X-CorrelationID": `c-${fresh}` });
    expect([first.status, again.status]).toEqual([200, 200]);
  });
});

describe("GET /vouchers/voucherstatuscheck/{serial}", () => {
  test.each([
    ["101", "Not Pre-Activated"],
    ["120", "Suspended"],
    ["130", "Blocked"],
    ["140", "Purged"],
    ["0000000000000160", "Blocked"],
    ["160/", "Blocked"],
  ])("%s is %s", async (serial, voucher_status) => {
    for (const answer of await twice("GET", `/vouchers/voucherstatuscheck/${serial}`)) {
      expect([answer.status, answer.body]).toEqual([200, { voucher_status, voucher_amount: "50.00" }]);
    }
  });

  test.each([
    ["a serial that no voucher can have", "%7B%7D", 400],
    ["one that is too long", "1".repeat(26), 400],
    ["no number", "notAnumber", 456],
    ["an unknown one", "999", 456],
    ["one that shall not exist", "150", 456],
    ["a used one", "170", 458],
    ["an expired one", "180", 459],
  ])("%s", (_name, serial, status) =>
    expectTwice("GET", `/vouchers/voucherstatuscheck/${serial}`, undefined, status),
  );
});

describe("PATCH /vouchers/voucherstatuscheck/{serial}", () => {
  const body = (voucherserialnumber: unknown, Gov_Stack_BB: unknown = "bb-relief") => ({
    voucherserialnumber,
    Gov_Stack_BB,
  });

  test("cancels once, whatever state it is in but used or purged, and the funding is back", async () => {
    const before = await balanceOf("funding:PAY:USD");
    await expectTwice("PATCH", "/vouchers/voucherstatuscheck/130", body(130), 200, 464);
    expect(await balanceOf("funding:PAY:USD")).toBe(before + 5000n);
    expect((await sandbox.call("GET", "/vouchers/voucherstatuscheck/130")).body["voucher_status"]).toBe(
      "Blocked",
    );
  });

  const rows: readonly (readonly [string, string, unknown, number])[] = [
    ["no body", "120", undefined, 400],
    ["no serial in the body", "120", body(undefined), 400],
    ["no building block", "120", { voucherserialnumber: 120 }, 400],
    ["a building block that is null", "120", body(120, null), 400],
    ["another serial in the body", "120", body(102), 400],
    ["a serial that is no number", "invalid_serial_number", body("invalid_serial_number"), 463],
    ["an unknown serial", "999", body("0000000000000999"), 463],
    ["an unknown building block", "120", body(120, "invalid_bb"), 463],
    ["another building block's", "120", body("120", "bb-pensions1"), 463],
    ["one that is not pre-activated", "101", body(101), 463],
    ["a used one", "170", body(170), 463],
    ["a purged one", "140", body(140), 463],
    ["a cancelled one", "160", body(160), 464],
  ];
  test.each(rows)("%s", (_name, serial, sent, status) =>
    expectTwice("PATCH", `/vouchers/voucherstatuscheck/${serial}`, sent, status),
  );
});

/** Sends the call twice and expects the answers that the document describes. */
async function expectTwice(
  method: string,
  path: string,
  body: unknown,
  first: number,
  again = first,
): Promise<void> {
  const answers = await twice(method, path, body);
  expect(answers.map(({ status }) => status)).toEqual([first, again]);
  for (const answer of answers) {
    expect(answer.contentType).toMatch(/^application\/json/);
    if (answer.status !== 200) expect(answer.body).toEqual({ message: expect.any(String) as unknown });
    const described = path
      .replace(/voucherstatuscheck\/.*/, "voucherstatuscheck/{serial}")
      .replace(/(redee?mption)\/$/, "$1");
    expect(check(method, described, answer.status, answer.body)).toBeUndefined();
  }
}

async function twice(...args: Parameters<TestSandbox["call"]>) {
  return [await sandbox.call(...args), await sandbox.call(...args)] as const;
}

async function balanceOf(account: string): Promise<bigint> {
  const accounts = await trialBalance(sandbox.opened.server.parts.pool);
  expect(accounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(0n);
  return accounts.find(({ id }) => id === account)?.amountMinor ?? 0n;
}

function expiryOf(serial: bigint): Promise<Date | undefined> {
  return sandbox.opened.server.parts.store.transaction(
    async (tx) => (await tx.vouchers.find(serial))?.expiresAt,
  );
}

async function idOf(name: string): Promise<string | undefined> {
  const { store } = sandbox.opened.server.parts;
  return (await store.transaction((tx) => tx.registry.institutionByName(name)))?.id;
}
