/** The 1.0 calls where something behind them fails: the database is away, or a provider's answer does not come. */
import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { noJobs } from "../jobs/no-jobs.ts";
import { SimulatedProvider } from "../../test/support/gateways.ts";
import { createLink } from "../../test/support/link.ts";
import { callAt, startTestSandbox } from "../../test/support/sandbox.ts";
import type { TestSandbox } from "../../test/support/sandbox.ts";
import { payClaim } from "../payments/settle-claim.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import type { Store } from "../ports/store.ts";
import { isDatabaseAway } from "../postgres/away.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import { createPostgresStore } from "../postgres/store.ts";
import { listenOnLoopback } from "../sandbox/listen.ts";
import type { Listening } from "../sandbox/listen.ts";
import { oneZeroRoutes } from "./vouchers-one-zero.ts";

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});

afterAll(() => sandbox.close());

test("an outcome that is not known in time is 599; it is paid once, and the same correlation id tells it later", async () => {
  const provider = new SimulatedProvider(["pays-unheard"]);
  const listening = await serveRoutes({ gateway: provider });
  const headers = { "X-CorrelationID": "c-599" };
  const redeem = (more: Record<string, string> = {}) =>
    callAt(listening.urls[0] ?? "", "POST", "/vouchers/voucher_redemption", redemption, more);
  const first = await redeem(headers);
  expect([first.status, first.body]).toEqual([599, { message: expect.any(String) as unknown }]);
  // Without the id it is another call, and the voucher is bound.
  expect((await redeem()).status).toBe(461);
  const claim = await claimOf(110n);
  await vi.waitUntil(
    async () => (await payClaim(sandbox.opened.server.parts.store, provider, claim)) === "paid",
  );
  expect((await redeem(headers)).status).toBe(200);
  expect((await redeem()).status).toBe(458);
  expect([...provider.credited.values()]).toEqual([5000n]);
  await listening.close();
});

test("while the database cannot be reached a call is 503, and afterwards it works", async () => {
  const link = await createLink(sandbox.databaseUrl);
  const url = new URL(sandbox.databaseUrl);
  url.port = new URL(link.url).port;
  const client = createDatabaseClient(url.href, { warn: () => {} });
  const store = createPostgresStore({
    pool: client.pool,
    jobs: noJobs,
  });
  const listening = await serveRoutes({ store });
  const check = () => callAt(listening.urls[0] ?? "", "GET", "/vouchers/voucherstatuscheck/111");
  expect((await check()).status).toBe(200);
  await link.cut();
  const away = await check();
  expect([away.status, away.body]).toEqual([503, { message: expect.any(String) as unknown }]);
  await link.join();
  expect((await check()).status).toBe(200);
  await listening.close();
  await client.close();
  await link.cut();
});

const redemption = {
  voucher_number: "7010",
  Gov_Stack_BB: "bb-relief",
  merchant_name: "Ada Fishmonger",
  merchant_bank_details: "Harbour Savings",
  merchant_voucher_group: "Payment Voucher",
};

function serveRoutes(
  change: { readonly gateway: PaymentGateway } | { readonly store: Store },
): Promise<Listening> {
  const { parts } = sandbox.opened.server;
  const app = oneZeroRoutes(
    {
      ...parts,
      indexKey: parts.numbers.keys.indexKey,
      answerKey: new Uint8Array(randomBytes(32)),
      log: pino({ level: "silent" }),
      isAway: isDatabaseAway,
      ...change,
    },
    undefined,
  );
  return listenOnLoopback((request) => app.fetch(request), 0);
}

async function claimOf(serial: bigint): Promise<string> {
  const { store } = sandbox.opened.server.parts;
  const claim = await store.transaction((tx) => tx.claims.live(serial));
  if (!claim) throw new Error("nothing is claimed");
  return claim.id;
}
