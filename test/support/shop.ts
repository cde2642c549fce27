/** A server with one voucher group, `FOO`, and one merchant, `shop-1`, and tills of that merchant. */
import { webRandomBytes } from "#sync/signing/random.ts";
import { fundGroup } from "../../node-server/ledger/entries.ts";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { putMerchant, putVoucherGroup } from "../../node-server/postgres/registry-admin.ts";
import { BareNode } from "./bare-node.ts";
import { fundForTest, testStore } from "./funding.ts";
import { startTestServer } from "./server.ts";
import type { TestServer } from "./server.ts";

export async function startServerWithShop(
  options: Parameters<typeof startTestServer>[0] = {},
): Promise<TestServer> {
  const server = await startTestServer(options);
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  return server;
}

export async function enrolAtShop(server: TestServer, nodeName = "till"): Promise<BareNode> {
  const wish = { merchantId: "shop-1", nodeName, validHours: 1 };
  const code = await issueEnrolmentCode(testStore(server.client.pool), webRandomBytes, wish);
  return BareNode.enrol(server.url, code);
}
