/** Billers, payer FIs and their settlement from the operators' command line, against a server that pays bills. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localDate } from "#core/local-date.ts";
import { BillParty, isAdvice } from "../../test/support/bill-party.ts";
import { run } from "../../test/support/processes.ts";
import type { Finished } from "../../test/support/processes.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
let folder: string;
let power: BillParty;
let bank: BillParty;
let zone = "Africa/Nairobi";

beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), "paypost-billers-"));
  power = await BillParty.start("power", server);
  bank = await BillParty.start("bank", server);
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
  // Far from midnight in this place, so that the day does not change while the test runs.
  if (new Date().getUTCHours() === 20) zone = "America/Lima";
});

afterAll(async () => {
  for (const party of [power, bank]) await party?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

function paypost(...args: readonly string[]): Promise<Finished> {
  return run("node-server/cli/main.ts", args, {
    DATABASE_URL: server.databaseUrl,
    PAYPOST_KEYS: server.keysFolder,
  });
}

async function operate(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await paypost(...args, "--json");
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

/** The id of what was proposed. */
async function proposed(...args: readonly string[]): Promise<string> {
  return String(((await operate(...args)) as { id: unknown }).id);
}

async function refusalOf(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await paypost(...args);
  expect(code).toBe(2);
  return stderr;
}

describe("onboarding", () => {
  test("takes two people for a biller, a payer FI and their link", async () => {
    await operate("institution", "add", "power", "Power");
    await operate("institution", "add", "bank", "Bank");
    const biller = ["biller", "propose", "power", "Power company", "EL", "--zone", zone];
    const terms = ["--endpoint", power.endpoint, "--digits", "8", "--check-digit", "luhn", "--by", "Amina"];
    const first = await proposed(...biller, ...terms);
    expect(await refusalOf(...biller, ...terms)).toContain("proposed about it already");
    expect(await refusalOf("onboarding", "approve", first, "--by", "Amina")).toContain("may not approve");
    expect(await operate("billers")).toEqual([]);
    await operate("onboarding", "approve", first, "--by", "Ben");
    expect(await refusalOf("onboarding", "approve", first, "--by", "Ben")).toContain("no open proposal");
    const payerFi = ["payer-fi", "propose", "bank", "Bank", "--endpoint", bank.endpoint, "--by", "Amina"];
    await operate("onboarding", "approve", await proposed(...payerFi), "--by", "Ben");
    const linked = await proposed("biller", "link", "power", "bank", "--by", "Ben");
    expect(await operate("onboarding")).toMatchObject([{ id: linked, kind: "link", subject: "power/bank" }]);
    await operate("onboarding", "approve", linked, "--by", "Amina");
    expect(await operate("billers")).toMatchObject([{ id: "power", prefix: "EL", payerFis: ["bank"] }]);
    expect(await operate("payer-fis")).toMatchObject([{ id: "bank", endpointUrl: bank.endpoint }]);
    const { rows } = await server.client.pool.query(
      `select actor, action from audit_entries where subject = 'biller:power' order by id`,
    );
    expect(rows).toEqual([
      { actor: "operator:Amina", action: "biller.propose" },
      { actor: "operator:Ben", action: "biller.approved" },
    ]);
  });

  test("refuses a prefix that overlaps with another's, a zone, an endpoint and a code that are none", async () => {
    await operate("institution", "add", "water", "Water");
    const propose = (prefix: string, ...more: readonly string[]) =>
      paypost("biller", "propose", "water", "Water", prefix, "--by", "Amina", ...more);
    const endpoint = ["--endpoint", "https://water.example/pay"];
    const where = [...endpoint, "--zone", zone];
    expect((await propose("WA", ...endpoint, "--zone", "Mars/Base")).stderr).toContain("time zone");
    expect((await propose("WA", "--zone", zone, "--endpoint", "water")).stderr).toContain("--endpoint");
    expect((await propose("WA", ...where, "--codes", "7=Maybe")).stderr).toContain("ACK, Def, Dup or Und");
    expect((await propose("ELX", ...where)).code).toBe(0);
    const [{ id } = { id: "" }] = (await operate("onboarding")) as { id: string }[];
    expect(await refusalOf("onboarding", "approve", id, "--by", "Ben")).toContain("prefix");
    expect(await operate("onboarding", "withdraw", id, "--by", "Ben")).toEqual({ id });
    expect(await operate("onboarding")).toEqual([]);
  });

  test("an alias is kept as an index and a sealed address", async () => {
    await operate("payer-alias", "put", "01", "+254700000001", "bank", "KE-1", "--by", "Amina");
    expect(await refusalOf("payer-alias", "put", "09", "x", "bank", "KE-1", "--by", "A")).toContain("00, 01");
    expect(await refusalOf("payer-alias", "put", "01", "x", "nobank", "1", "--by", "A")).toContain(
      "not registered",
    );
  });
});

describe("settlement", () => {
  test("sums what was acknowledged on a day of the biller's calendar, for both sides and for operators", async () => {
    const references = [await payBill("EL12345674", 25.5), await payBill("EL23456783", 10)];
    const today = localDate(Date.now(), zone);
    const sum = { billerId: "power", payer: "bank", means: "account", payments: 2, currency: "USD" };
    const settlements = [{ ...sum, amount: 35.5 }];
    for (const party of [power, bank]) {
      const answer = await party.call("GET", `/settlements?date=${today}`);
      expect(answer.body).toEqual({ date: today, settlements });
    }
    const csv = await bank.call("GET", `/settlements?date=${today}&format=csv`);
    expect(csv.text.split("\r\n")[1]).toBe(`${today},power,bank,account,2,USD,35.50`);
    const listed = await bank.call("GET", `/settlements/payments?date=${today}`);
    const payments = listed.body["payments"] as { paymentReferenceID: string }[];
    expect(payments.map(({ paymentReferenceID }) => paymentReferenceID)).toEqual(references);
    expect((await bank.call("GET", "/settlements?date=2020-01-01")).body["settlements"]).toEqual([]);
    expect((await bank.call("GET", "/settlements?date=yesterday")).status).toBe(400);
    expect(await server.institution.call("GET", `/settlements?date=${today}`)).toMatchObject({
      body: { settlements: [] },
    });
    expect(await operate("settlement", today)).toMatchObject([{ payments: "2", amountMinor: "3550" }]);
    const text = await paypost("settlement", today, "--csv");
    expect(text.stdout.split("\n")[1]?.trim()).toBe("power,bank,account,2,USD,35.50");
  });

  test("reconciliation lists what one side has and the other has not, and what differs", async () => {
    const today = localDate(Date.now(), zone);
    const [first = "", second = ""] = await referencesOf(today);
    const lines = [
      "paymentReferenceID,billId,amount,currency",
      `${first},EL12345674,25.50,USD`,
      `${first},EL12345674,25.50,USD`,
      "unheard-of,EL99999997,7,USD",
    ];
    const csv = `${lines.join("\n")}\n`;
    const url = `/settlements/reconciliation?date=${today}`;
    const answer = await bank.call("POST", url, csv, { "content-type": "text/csv" });
    expect(answer.body).toMatchObject({
      matched: 1,
      onlyHere: [{ paymentReferenceID: second, amount: 10 }],
      onlyThere: [{ paymentReferenceID: first }, { paymentReferenceID: "unheard-of" }],
      differing: [],
    });
    const list = [{ paymentReferenceID: first, billId: "EL12345674", amount: 24, currency: "USD" }];
    expect((await power.call("POST", url, { payments: list })).body).toMatchObject({
      matched: 0,
      differing: [{ here: { amount: 25.5 }, there: { amount: 24 } }],
    });
    const file = join(folder, "bank.csv");
    await writeFile(file, csv);
    const told = await paypost("settlement", "reconcile", today, "bank", file);
    expect(told.stdout).toContain("1 payments match, 3 do not");
    expect(told.stdout).toMatch(new RegExp(`only here +${second} +EL23456783 +10\\.00 USD`));
    expect(await refusalOf("settlement", "reconcile", today, "bank", `${file}.not`)).toContain("be read");
  });
});

async function payBill(billId: string, amount: number): Promise<string> {
  const told = await power.call("POST", `/bills/${billId}`, {
    billDetails: { amountOnDueDate: amount, currency: "USD" },
  });
  expect(told.status).toBe(202);
  const { requestId } = await bank.inquire(billId);
  const paid = await bank.pay(billId, requestId);
  expect((await bank.answerTo(paid.requestId)).body["status"]).toBe("ACK");
  return paid.reference;
}

async function referencesOf(date: string): Promise<string[]> {
  const { body } = await bank.call("GET", `/settlements/payments?date=${date}`);
  const payments = body["payments"] as { paymentReferenceID: string }[];
  return payments.map(({ paymentReferenceID }) => paymentReferenceID);
}
