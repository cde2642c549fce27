/** The server killed with SIGKILL while a credit is with the provider: the merchant is paid once, and the books agree. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import { Institution } from "../support/institution.ts";
import type { IssuedVoucher } from "../support/institution.ts";
import { startProviderServer } from "../support/provider-server.ts";
import type { ProviderServer } from "../support/provider-server.ts";
import type { Running } from "../support/processes.ts";

let database: TestDatabase;
let client: DatabaseClient;
let folder: string;
let provider: ProviderServer;
let installation: Installation;
let server: Running;
let ministry: Institution;

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 2 });
  folder = await mkdtemp(join(tmpdir(), "paypost-payout-kill-"));
  provider = await startProviderServer();
  const environment = { DATABASE_URL: database.url, SIMULATED_PROVIDER: provider.url };
  installation = await prepareInstallation(folder, environment);
  const started = await startServer(installation, "test/faults/paying-server.ts");
  server = started.running;
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "t-1");
  await operate(installation, "fsp", "add", "citizen", "Citizen Bank");
  await operate(installation, "fsp", "fund", "citizen", "1000.00", "USD", "--reference", "t-1");
  await operate(installation, "merchant", "add", "shop-1", "Shop", "--accepts", "FOO", "--fsp", "citizen");
  ministry = await registerInstitution(installation, started.url, "welfare");
});

afterAll(async () => {
  server.child.kill("SIGKILL");
  await server.finished;
  provider.close();
  await installation.receiver.close();
  await client.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe.each([
  ["the provider has paid and its answer is lost", true],
  ["the provider has not received it", false],
])("the server is killed after a credit was sent: %s", (_what, booked) => {
  test("whoever asks again under the same id is told that it is paid", async () => {
    const { requestID, voucher } = await killedWhilePaying(booked);
    const again = await ministry.redeem(voucher.serialNumber, voucher.number, "shop-1", requestID);
    expect(again).toMatchObject({ status: 200, body: { status: 1, message: "REDEEMED" } });
    await expectPaidOnce(voucher, booked);
  });

  test("where nobody asks, the payout's job does", async () => {
    const { voucher } = await killedWhilePaying(booked);
    await vi.waitUntil(async () => (await ministry.status(voucher.serialNumber)) === "Consumed", {
      timeout: 60_000,
      interval: 200,
    });
    await expectPaidOnce(voucher, booked);
  });
});

/** Redeems, and kills the server while the credit is with the provider; then starts the next one. */
async function killedWhilePaying(booked: boolean): Promise<{ requestID: string; voucher: IssuedVoucher }> {
  const [voucher] = await ministry.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  await ministry.activate([voucher.serialNumber]);
  const requestID = ministry.nextRequestId();
  const arrived = provider.swallowNext(booked);
  const lost = ministry.redeem(voucher.serialNumber, voucher.number, "shop-1", requestID).then(
    () => "answered",
    () => "no answer",
  );
  await arrived;
  server.child.kill("SIGKILL");
  expect((await server.finished).signal).toBe("SIGKILL");
  expect(await lost).toBe("no answer");
  expect(await operate(installation, "payouts")).toMatchObject([{ state: "claimed", merchantId: "shop-1" }]);
  const started = await startServer(installation, "test/faults/paying-server.ts");
  server = started.running;
  ministry = new Institution(
    "welfare",
    started.url,
    installation.issuer,
    installation.receiver,
    ministry.keys,
  );
  return { requestID, voucher };
}

async function expectPaidOnce(voucher: IssuedVoucher, booked: boolean): Promise<void> {
  expect(await ministry.status(voucher.serialNumber)).toBe("Consumed");
  expect(await operate(installation, "payouts")).toEqual([]);
  const { balanced } = (await operate(installation, "books")) as { balanced: boolean };
  expect(balanced).toBe(true);
  const { rows } = await client.pool.query<{ id: string; balance: bigint }>(
    `select id, balance_minor as balance from accounts where kind in ('merchant', 'owed', 'fspHeld', 'fspDue')`,
  );
  const balances = new Map(rows.map(({ id, balance }) => [id, balance]));
  // What the provider has is asked for, and not left to its own care for idempotency.
  const { arrivals } = provider.provider;
  if (booked) expect(new Set(arrivals).size).toBe(arrivals.length);
  const credited = provider.provider.credited.get("shop-1") ?? 0n;
  expect(credited % 700n).toBe(0n);
  expect(balances.get("merchant:shop-1:USD")).toBe(credited);
  expect(balances.get("fspDue:citizen:USD")).toBe(credited);
  expect([balances.get("owed:shop-1:USD"), balances.get("fspHeld:citizen:USD")]).toEqual([0n, 0n]);
  const consumed = await client.pool.query<{ count: bigint }>(
    `select count(*) from vouchers where state = 'consumed'`,
  );
  expect(credited).toBe((consumed.rows[0]?.count ?? 0n) * 700n);
}
