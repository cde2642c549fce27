/** Who is told what, over a real HTTP provider of messages that can fail. */
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { answeringGateway } from "../../test/support/gateways.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import {
  listNotifications,
  putMerchantContact,
  putPayeeContact,
  resendNotifications,
} from "../postgres/contact-admin.ts";
import { claimVoucher } from "../payments/claim.ts";
import { payClaim } from "../payments/settle-claim.ts";
import type { Store } from "../ports/store.ts";
import { putGroupFee } from "../postgres/payment-admin.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";
import { deliverNotification, eraseAddresses } from "./deliver.ts";
import { createHttpSender, createLogSender } from "./senders.ts";
import { operatorAt } from "./tell.ts";

interface Taken {
  readonly key: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

const taken: Taken[] = [];
let refusals = 0;
let provider: Server;
let server: TestServer;

beforeAll(async () => {
  const http = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      if (refusals > 0) {
        refusals--;
        response.writeHead(500).end();
        return;
      }
      const key = request.headers["idempotency-key"] as string | undefined;
      const { authorization } = request.headers;
      taken.push({ key, authorization, body: JSON.parse(text) as Record<string, unknown> });
      response.writeHead(202).end();
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => http.once("listening", resolve));
  provider = http;
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/send`;
  server = await startTestServer({
    sendMessage: createHttpSender({ url, secret: "token" }),
    operator: operatorAt("ops@paypost.example"),
  });
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Corner shop", accepts: ["FOO"] });
  await putMerchant(pool, { id: "quiet", name: "Quiet shop", accepts: ["FOO"] });
  await putMerchantContact(pool, "shop-1", { channel: "email", address: "shop@example.org", language: "fr" });
  const payee = { institutionId: "welfare", payeeFunctionalId: "P-1" };
  await putPayeeContact(pool, payee, { channel: "sms", address: "+254700000000", language: "sw" });
  await fundForTest(pool, fundGroup("t", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
});

afterAll(async () => {
  await server.close();
  provider.close();
});

describe("a redeemed voucher", () => {
  test("is told to the merchant and to the beneficiary, each once and in their own language", async () => {
    const serialNumber = await redeemed("shop-1", "P-1");
    await vi.waitUntil(() => taken.length >= 2, { timeout: 10_000 });
    const bodies = taken.map(({ body }) => body);
    expect(bodies).toContainEqual(
      expect.objectContaining({
        channel: "email",
        to: "shop@example.org",
        language: "fr",
        subject: "Vous avez été payé",
      }),
    );
    expect(bodies).toContainEqual(
      expect.objectContaining({
        channel: "sms",
        to: "+254700000000",
        language: "sw",
        subject: "Vocha yako imetumika",
      }),
    );
    expect(bodies.every(({ text }) => String(text).includes(serialNumber))).toBe(true);
    expect(taken.every(({ authorization }) => authorization === "Bearer token")).toBe(true);
    expect(new Set(taken.map(({ key }) => key)).size).toBe(2);
    await vi.waitUntil(async () => (await listNotifications(server.client.pool, false)).length === 0, {
      timeout: 30_000,
    });
  });

  test("is told to nobody where nobody's address is known", async () => {
    await redeemed("quiet", "P-unknown");
    expect(await listNotifications(server.client.pool, true)).toHaveLength(2);
  });

  test("is told again until the provider takes it; until then the failure is seen", async () => {
    refusals = 1;
    const before = taken.length;
    await redeemed("shop-1", "P-unknown");
    await vi.waitUntil(
      async () => (await listNotifications(server.client.pool, false)).some(({ tries }) => tries > 0),
      { timeout: 10_000 },
    );
    expect(await listNotifications(server.client.pool, false)).toMatchObject([
      { kind: "merchant-paid", state: "waiting", lastError: "the provider answered 500" },
    ]);
    await vi.waitUntil(() => taken.length > before, { timeout: 15_000 });
  });

  test("that could not be told for a day has failed, and is told when somebody asks for it again", async () => {
    const { pool } = server.client;
    const { rows } = await pool.query<{ id: bigint }>(
      `update notifications set state = 'waiting', requested_at = requested_at - interval '25 hours'
       where id = (select max(id) from notifications) returning id`,
    );
    const id = rows[0]?.id ?? 0n;
    await deliverNotification(testStore(pool), () => Promise.reject(new Error("no provider")), id);
    expect(await listNotifications(pool, false)).toMatchObject([
      { id, state: "failed", lastError: "no provider" },
    ]);
    expect(await resendNotifications(pool, "failed", "ana")).toBe(1);
    await server.runTask("tell-people");
    await vi.waitUntil(async () => (await listNotifications(pool, false)).length === 0, { timeout: 40_000 });
  });
});

describe("a voucher handed in offline", () => {
  test("whose payout is owed is told to the beneficiary at once, and to the merchant when it is paid", async () => {
    const store = testStore(server.client.pool);
    const { serialNumber } = await issued("P-1");
    const claim = await claimOffline(store, BigInt(serialNumber));
    const failing = answeringGateway({ outcome: "failed", reason: "the provider is away" });
    expect(await payClaim(store, failing, claim)).toBe("owed");
    expect(await kindsTold(claim)).toEqual(["voucher-redeemed"]);
    expect(await payClaim(store, failing, claim)).toBe("owed");
    expect(await payClaim(store, answeringGateway({ outcome: "paid" }), claim)).toBe("paid");
    expect(await kindsTold(claim)).toEqual(["voucher-redeemed", "merchant-paid"]);
  });
});

describe("a notification", () => {
  test("to a merchant names what it got after the group's fee", async () => {
    await putGroupFee(server.client.pool, {
      groupCode: "FOO",
      currency: "USD",
      fixedMinor: 25n,
      basisPoints: 0,
    });
    const serialNumber = await redeemed("shop-1", "P-unknown");
    const isOurs = ({ body }: Taken) => String(body["text"]).includes(serialNumber);
    await vi.waitUntil(() => taken.some(isOurs), { timeout: 10_000 });
    expect(taken.find(isOurs)?.body["text"]).toMatch(/7,00.*6,75/);
  });

  test("asked for again while it is sent is sent anew, and a second worker does not undo that it was sent", async () => {
    const { pool } = server.client;
    const store = testStore(pool);
    const id = await newestWaiting();
    await deliverNotification(store, async () => void (await resendNotifications(pool, id, "ana")), id);
    expect(await store.transaction((tx) => tx.notifications.find(id))).toMatchObject({ state: "waiting" });
    const second = async () => {
      await deliverNotification(store, () => Promise.resolve(), id);
      throw new Error("the provider took it twice");
    };
    await deliverNotification(store, second, id);
    expect(await store.transaction((tx) => tx.notifications.find(id))).toMatchObject({ state: "sent" });
  });

  test("loses its address after thirty days, and is not sent again then", async () => {
    const { pool } = server.client;
    await pool.query(
      `update notifications set requested_at = requested_at - interval '31 days' where state <> 'waiting'`,
    );
    expect(await eraseAddresses(testStore(pool))).toBeGreaterThan(0);
    expect(await eraseAddresses(testStore(pool))).toBe(0);
    const { rows } = await pool.query<{ id: bigint; address: string }>(
      `select id, address from notifications where state = 'sent' order by id limit 1`,
    );
    expect(rows[0]?.address).toBe("");
    expect(await resendNotifications(pool, rows[0]?.id ?? 0n, "ana")).toBe(0);
  });
});

test("an alert is told to the operator once", async () => {
  await testStore(server.client.pool).transaction((tx) =>
    tx.alerts.raise("wrong-numbers-for-voucher", "voucher:1", {}),
  );
  await server.runTask("tell-people");
  await server.runTask("tell-people");
  const told = () => taken.filter(({ body }) => body["to"] === "ops@paypost.example");
  await vi.waitUntil(() => told().length > 0, { timeout: 40_000 });
  expect(told()).toMatchObject([{ body: { subject: "Paypost alert: wrong-numbers-for-voucher" } }]);
});

test("the log gets the message, but not the whole address", async () => {
  const lines: object[] = [];
  const send = createLogSender({ info: (line: object) => void lines.push(line) });
  await send({
    to: { channel: "sms", address: "+254712345678", language: "en" },
    subject: "s",
    text: "t",
    idempotencyKey: "k",
  });
  expect(lines).toEqual([{ channel: "sms", to: "…78", subject: "s", text: "t" }]);
});

/** Issues, activates and redeems a voucher of the payee. Returns its serial. */
async function redeemed(agentId: string, payeeFunctionalID: string): Promise<string> {
  const { serialNumber, number } = await issued(payeeFunctionalID);
  const answer = await server.institution.redeem(serialNumber, number, agentId);
  expect(answer.body["message"]).toBe("REDEEMED");
  return serialNumber;
}

async function claimOffline(store: Store, serial: bigint): Promise<string> {
  return store.transaction(async (tx) => {
    const voucher = (await tx.vouchers.lock([serial])).get(serial);
    if (!voucher) throw new Error(`no voucher ${serial}`);
    const request = { merchantId: "shop-1", offline: true, entitled: true, actor: "node:test" };
    const claimed = await claimVoucher(tx, voucher, { ...request, cause: `operation:${serial}` });
    if (!claimed.ok) throw new Error(claimed.refusal.code);
    return claimed.claim.id;
  });
}

async function kindsTold(claimId: string): Promise<string[]> {
  const all = await listNotifications(server.client.pool, true);
  const ours = all.filter(({ subject }) => subject === `claim:${claimId}`);
  return ours.map(({ kind }) => kind).toReversed();
}

/** Made to wait without a job, and too lately asked for to be taken for forgotten. */
async function newestWaiting(): Promise<bigint> {
  const { rows } = await server.client.pool.query<{ id: bigint }>(
    `update notifications set state = 'waiting', requested_at = clock_timestamp()
     where id = (select max(id) from notifications) returning id`,
  );
  return rows[0]?.id ?? 0n;
}

async function issued(payeeFunctionalID: string): Promise<{ serialNumber: string; number: string }> {
  const requestID = server.institution.nextRequestId();
  await server.institution.call("POST", "/vouchers", {
    requestID,
    batchID: requestID,
    voucherInstructions: [
      { instructionID: "1", groupCode: "FOO", currency: "USD", amount: 7, payeeFunctionalID },
    ],
  });
  const { body } = await server.receiver.waitFor((callback) => callback.body["requestID"] === requestID);
  const [made] = body["voucherInstructions"] as { serialNumber: string; voucherNumber: string }[];
  if (!made) throw new Error("no voucher was made");
  await server.institution.activate([made.serialNumber]);
  return { serialNumber: made.serialNumber, number: await server.institution.numberOf(made) };
}
