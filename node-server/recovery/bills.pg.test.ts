/** Bills that were paid at a node after the backup of a server that was restored since: what it had said of them stands. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import { BillParty, isAdvice, registerBiller } from "../../test/support/bill-party.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { recoveryNoticed } from "../../test/support/recovery.ts";
import { serversWord } from "../../test/support/servers-word.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundFloat } from "../ledger/bill-entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { decideHeld, proposeDecision } from "../operations/decide-held.ts";
import { listRefunds, putAgentBiller } from "../postgres/agent-admin.ts";
import { beginRecovery } from "../postgres/recovery-admin.ts";
import { putMerchant } from "../postgres/registry-admin.ts";
import { endRecovery } from "./end.ts";

let server: TestServer;
let power: BillParty;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  power = await BillParty.start("power", server);
  await registerBiller(pool, power, { prefix: "EL" });
  await putMerchant(pool, { id: "agent-1", name: "Agent 1", accepts: [] });
  await putAgentBiller(pool, { merchantId: "agent-1", billerId: "power", area: null });
  await fundForTest(pool, fundFloat("r-1", "agent-1", { amountMinor: 9000n, currency: "USD" }, 0n));
  for (const billId of ["EL-1", "EL-2"])
    await power.call("POST", `/bills/${billId}`, { billDetails: { amountOnDueDate: 20, currency: "USD" } });
});
afterAll(async () => {
  await power?.close();
  await server?.close();
});

test("4.8: what was applied is taken again and its biller told by a new id; what was rejected is listed for refund again", async () => {
  const { pool } = server.client;
  const wish = { merchantId: "agent-1", nodeName: "till", validHours: 1 };
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const node = await BareNode.enrol(server.url, await issueEnrolmentCode(testStore(pool), random, wish));
  const operations = [node.payBill("EL-1", 2000n), node.payBill("EL-2", 2000n)] as const;
  const word = await serversWord(server.context.verdictSigner, node, [
    [operations[0], { status: "applied" }],
    [operations[1], { status: "rejected", reason: "bill-paid" }],
  ]);
  await beginRecovery(pool, { generation: 2, by: "Amina", graceHours: 24, numbersSeen: [] });
  const again = new BareNode(server.url, node.seed, { ...node.identity, generation: 2 });
  again.resumeAfter(node);
  const { verdicts } = await again.upload([...operations], undefined, [word]);
  expect(verdicts?.verdicts).toMatchObject([
    { status: "held", reason: "awaiting-biller" },
    { status: "rejected", reason: "bill-paid" },
  ]);
  expect(await listRefunds(pool, false)).toMatchObject([{ billId: "EL-2", amountMinor: 2000n }]);
  const advice = await power.receiver.waitFor(isAdvice);
  expect(Number(String(advice.body["requestID"]).slice(1))).toBeGreaterThan(1_000_000);
  await pool.query("update recovery_nodes set uploaded_at = clock_timestamp()");
  await endRecovery(server.context, testStore(pool));
  await recoveryNoticed(server.url);
  expect((await power.settle(advice, "ACK")).status).toBe(202);
  const told = await again.upload([...operations]);
  expect(told.verdicts?.verdicts).toMatchObject([{ status: "applied" }, { status: "rejected" }]);
});

test("4.8: cash for a bill that the backup does not know is held, and listed for refund only once people reject it", async () => {
  const { context } = server;
  const { pool } = server.client;
  const store = testStore(pool);
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId: "agent-1", nodeName: "till 2", validHours: 1 };
  const node = await BareNode.enrol(server.url, await issueEnrolmentCode(store, random, wish));
  await beginRecovery(pool, { generation: 3, by: "Amina", graceHours: 24, numbersSeen: [] });
  const again = new BareNode(server.url, node.seed, { ...node.identity, generation: 3 });
  const operation = again.payBill("EL-99", 2000n);
  const { verdicts } = await again.upload([operation]);
  expect(verdicts?.verdicts).toMatchObject([{ status: "held", reason: "recovery" }]);
  await pool.query("update recovery_nodes set uploaded_at = clock_timestamp()");
  await endRecovery(context, store);

  const isListed = async () => (await listRefunds(pool, false)).some(({ billId }) => billId === "EL-99");
  const held = { nodeId: node.identity.nodeId, hash: operation.hash };
  const { reason } = (await store.transaction((tx) => tx.operations.byHash(held.nodeId, held.hash))) ?? {};
  expect(reason).toBe("recovery-conflict");
  expect(await isListed()).toBe(false);
  await proposeDecision(store, held, { verdict: "reject", because: "there is no such bill", by: "Amina" });
  expect(await decideHeld(context, store, held, "Ben")).toMatchObject({
    ok: true,
    row: { state: "rejected" },
  });
  expect(await isListed()).toBe(true);
});
