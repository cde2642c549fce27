/** The console's reports over HTTP against a real server: what was really redeemed, billed and charged, and whose it is. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isAdvice, BillParty, link, registerBiller, registerPayerFi } from "../../test/support/bill-party.ts";
import { signedIn } from "../../test/support/console.ts";
import type { Person } from "../../test/support/console.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { operateOn } from "../../test/support/operate.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { fundFsp } from "../ledger/entries.ts";
import { putFsp, putGroupFee } from "../postgres/payment-admin.ts";
import { putMerchant } from "../postgres/registry-admin.ts";

let server: TestServer;
let manager: Person;
let power: BillParty;
let bank: BillParty;
const today = new Date().toISOString().slice(0, 10);
const usd = (amount: string) => ({ amount, currency: "USD" });

/** Two of three vouchers are redeemed at `shop-1`, whose money goes through an FSP, and a bill is paid. */
beforeAll(async () => {
  server = await startServerWithShop();
  const { pool } = server.client;
  await putFsp(pool, { id: "mpesa", name: "Mobile money" });
  await fundForTest(pool, fundFsp("f-1", "mpesa", { amountMinor: 100_000n, currency: "USD" }));
  await putMerchant(pool, {
    id: "shop-1",
    name: "Shop 1",
    fspId: "mpesa",
    account: "1234567",
    area: "North",
  });
  await putGroupFee(pool, { groupCode: "FOO", currency: "USD", fixedMinor: 10n, basisPoints: 0 });
  await redeemTwoOfThree();
  power = await BillParty.start("power", server);
  bank = await BillParty.start("bank", server);
  await registerBiller(pool, power, { prefix: "EL", timeZone: "UTC" });
  await registerPayerFi(pool, bank);
  await link(pool, power, bank);
  await payBill();
  manager = await signedIn(server, "Manager", "programme-manager");
});
afterAll(async () => {
  await power?.close();
  await bank?.close();
  await server?.close();
});

async function redeemTwoOfThree(): Promise<void> {
  const till = await enrolAtShop(server);
  const made = await server.institution.createVouchers("FOO", [7, 7, 7]);
  const serials = made.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: till.identity.nodeId });
  await till.upload([till.redeem(made[0]!), till.redeem(made[1]!)]);
  const paid = "select count(*) as count from claims where state = 'paid'";
  await vi.waitFor(
    async () => expect((await server.client.pool.query(paid)).rows).toEqual([{ count: 2n }]),
    20_000,
  );
}

async function payBill(): Promise<void> {
  power.react = (message) => isAdvice(message) && power.settle(message, "ACK");
  const bill = { billId: "EL-1", dueDate: "2999-12-31", amountonDueDate: 25.5, currency: "USD" };
  await power.call("POST", "/bills", { requestID: power.nextRequestId(), bills: [bill] });
  const { requestId } = await bank.inquire("EL-1");
  const { requestId: paymentId } = await bank.pay("EL-1", requestId);
  expect((await bank.answerTo(paymentId)).body["status"]).toBe("ACK");
}

async function told(person: Person, path: string) {
  const { status, body } = await person.get(path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

async function rows(person: Person, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await told(person, path))["rows"] as readonly Readonly<Record<string, unknown>>[];
}

test("stock is what the command line tells", async () => {
  const said = await operateOn(server, "stock", "--json");
  const there = JSON.parse(said.stdout) as readonly { state: string; quantity: unknown }[];
  const here = await rows(manager, "stock");
  expect(here).toEqual([
    { group: "FOO", currency: "USD", state: "consumed", quantity: 2, value: usd("14.00") },
    { group: "FOO", currency: "USD", state: "leased", quantity: 1, value: usd("7.00") },
  ]);
  expect(there.map(({ state, quantity }) => [state, Number(quantity)])).toEqual(
    here.map(({ state, quantity }) => [state, quantity]),
  );
});

test("take-up tells of a programme what was redeemed where, and adds it up", async () => {
  expect(await rows(manager, "takeUp?area=North")).toMatchObject([
    { group: "FOO", issued: 2, redeemed: 2, redeemedValue: usd("14.00") },
  ]);
  const { bars, sums } = await told(manager, "takeUp?as=totals");
  expect(sums).toEqual([{ quantity: 2, amount: usd("14.00") }]);
  expect(bars).toEqual([{ label: expect.any(String), quantity: 2, of: 3, amount: usd("14.00") }]);
});

test("a reservation that nobody uses is found, its reading told", async () => {
  expect(await rows(manager, "unusedLeases")).toMatchObject([{ merchant: "shop-1", amount: usd("7.00") }]);
  expect(await rows(manager, "unusedLeases?days=1")).toEqual([]);
  const { rowCount } = await server.client.pool.query(
    "select from audit_entries where action = 'console.unusedLeases' and actor = 'operator:Manager'",
  );
  expect(rowCount).toBe(2);
});

test("budgets tell what is used, redeemed and left", async () => {
  const { rows: programmes } = await server.client.pool.query("select program_id as id from voucher_batches");
  await operateOn(server, "budget", "set", String(programmes[0].id), "FOO", "100.00", "USD");
  expect(await rows(manager, "budgets")).toMatchObject([
    { limit: usd("100.00"), used: usd("21.00"), redeemed: usd("14.00"), left: usd("79.00") },
  ]);
});

describe("payouts", () => {
  test("are told by day, merchant and payment provider, with their fees", async () => {
    expect(await rows(manager, "payouts")).toEqual([
      {
        day: today,
        merchant: "shop-1",
        fsp: "mpesa",
        payouts: 2,
        amount: usd("14.00"),
        fee: usd("0.20"),
        paid: usd("13.80"),
      },
    ]);
    expect(await rows(manager, `payouts?from=${today}&until=${today}`)).toHaveLength(1);
    expect(await rows(manager, "payouts?until=2020-01-01")).toEqual([]);
    expect((await manager.get("payouts?from=x")).status).toBe(400);
  });

  test.each([
    ["merchant:shop-1", 1],
    ["merchant:shop-2", 0],
    ["fsp:mpesa", 1],
    ["fsp:other", 0],
  ])("%s sees its own, and what they add up to", async (role, count) => {
    const party = await signedIn(server, role, role);
    expect(await rows(party, "payouts")).toHaveLength(count);
    expect((await told(party, "payouts?as=totals"))["sums"]).toHaveLength(count);
    const file = await (await party.file("payouts?as=csv")).text();
    expect(file.trim().split("\r\n")).toHaveLength(count + 1);
    const own = (await rows(party, "accounts")).map(({ kind }) => kind);
    expect(own.length > 0).toBe(count > 0);
    for (const kind of own) expect(kind).toMatch(role.startsWith("fsp") ? /^fsp/ : /^(merchant|owed)$/);
  });
});

test("settlements are told by day, and a biller sees its own", async () => {
  const row = { day: today, biller: "power", payer: "bank", means: "account", payments: 1 };
  expect(await rows(manager, "settlements")).toEqual([{ ...row, amount: usd("25.50") }]);
  expect(await rows(await signedIn(server, "Power", "biller:power"), "settlements")).toMatchObject([row]);
  expect(await rows(await signedIn(server, "Water", "biller:water"), "settlements")).toEqual([]);
  expect(await told(manager, "settlements?as=totals")).toEqual({
    sums: [{ quantity: 1, amount: usd("25.50") }],
    bars: [{ label: today, quantity: 1, of: null, amount: usd("25.50") }],
  });
});

test("fees are told by month and by whom they are of", async () => {
  expect(await rows(manager, "fees")).toEqual([
    {
      month: today.slice(0, 7),
      kind: "redemption",
      owner: "FOO",
      payments: 2,
      amount: usd("14.00"),
      fee: usd("0.20"),
    },
  ]);
});

describe("reconciliation", () => {
  test("finds that every account holds what its entries and its rows add up to", async () => {
    const all = await rows(manager, "accounts?limit=200");
    expect(all.filter(({ isWrong }) => isWrong)).toEqual([]);
    const compared = new Map(all.map(({ kind, rows: standing }) => [kind, standing]));
    expect(compared.get("reserved")).toEqual(usd("7.00"));
    expect(compared.get("merchant")).toEqual(usd("13.80"));
    expect(compared.get("fees")).toEqual(usd("0.20"));
    expect(compared.get("biller")).toEqual(usd("25.50"));
    expect(compared.get("funding")).toBeNull();
  });

  test.each([
    ["a balance", "update accounts set balance_minor = balance_minor + $1 where id = 'merchant:shop-1:USD'"],
    [
      "a claim",
      "update claims set fee_minor = fee_minor - $1 where id = (select id from claims order by id limit 1)",
    ],
  ])("finds %s that somebody changed past the journal", async (_what, change) => {
    await pastTheRules(change, 1);
    const wrong = await rows(manager, "accounts?wrong=yes");
    await pastTheRules(change, -1);
    expect(wrong.map(({ kind }) => kind)).toContain("merchant");
    expect(await rows(manager, "accounts?wrong=yes")).toEqual([]);
  });
});

/** As whoever owns the database could. */
async function pastTheRules(change: string, by: number): Promise<void> {
  const client = await server.client.pool.connect();
  await client.query("set session_replication_role = replica");
  await client.query(change, [by]);
  await client.query("reset session_replication_role");
  client.release();
}

test("a list that adds up to nothing has no totals", async () => {
  expect((await manager.get("merchants?as=totals")).status).toBe(400);
});
