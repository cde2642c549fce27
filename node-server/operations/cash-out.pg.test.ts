/** Vouchers that agents pay out in cash, and what a redemption says of the beneficiary (S7). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Policy } from "#sync/documents/policy.ts";
import { createSigner } from "#sync/signing/signers.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { usd } from "../../test/support/policy.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { issuePolicy } from "../nodes/policies.ts";
import { listOperations, putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

let server: TestServer;
let agent: BareNode;
let policy: Policy;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "agent-1", name: "Agent 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("FOO", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  policy = await issuePolicy(
    testStore(pool),
    await createSigner("policy", new Uint8Array(32).fill(3)),
    {
      expiresAtMs: Date.now() + 3_600_000,
      atRisk: null,
      unanchoredHours: 0,
      clockErrorMs: 60_000,
      currencies: [usd()],
      // Of a voucher of 7.00: 0.10 and 1 %, which is 0.17.
      cashOut: [{ currency: "USD", fixedMinor: 10n, basisPoints: 100 }],
    },
    "Ann",
  );
  agent = await enrol(true);
});

afterAll(() => server.close());

describe("S7: a voucher that is paid out in cash", () => {
  test("by an agent for what the policy allows is applied; the agent is owed the voucher in full", async () => {
    expect(await sent(agent, await payOut(agent, 17n))).toMatchObject([{ status: "applied", reason: null }]);
  });

  test("for more than the policy allows is rejected as over-cash-fee", async () => {
    expect(await sent(agent, await payOut(agent, 18n))).toMatchObject([{ reason: "over-cash-fee" }]);
  });

  test("under a policy that allows none is rejected as cash-out-not-allowed", async () => {
    const named = { policyVersion: 0 };
    expect(await sent(agent, await payOut(agent, 0n, named))).toMatchObject([
      { reason: "cash-out-not-allowed" },
    ]);
  });

  test("by a merchant's node, which has no agent's certificate, is rejected as not-an-agent", async () => {
    const merchant = await enrol(false);
    expect(await sent(merchant, await payOut(merchant, 17n))).toMatchObject([{ reason: "not-an-agent" }]);
  });
});

test("operators see what was paid out and how the beneficiary was recognised, as the node signed it", async () => {
  const node = await enrol(true);
  const voucher = await issued();
  const authentication = { method: "photo", result: "not-confirmed" } as const;
  const operation = node.redeem(voucher, { mode: "online", epoch: null, authentication });
  expect(await sent(node, operation)).toMatchObject([{ status: "applied" }]);
  expect(await sent(node, await payOut(node, 5n))).toMatchObject([{ status: "applied" }]);
  const seen = (await listOperations(server.client.pool)).slice(-2);
  expect(seen).toMatchObject([
    { recognised: "photo: not-confirmed", cash: null },
    { recognised: null, cash: "6.95 paid, 0.05 kept" },
  ]);
});

async function enrol(isAgent: boolean): Promise<BareNode> {
  const wish = { merchantId: "agent-1", nodeName: "till", validHours: 1, agent: isAgent };
  return BareNode.enrol(server.url, await issueEnrolmentCode(testStore(server.client.pool), random, wish));
}

async function payOut(node: BareNode, feeMinor: bigint, change = {}): Promise<SignedOperation> {
  const voucher = await issued();
  return node.redeem(voucher, {
    mode: "online",
    epoch: null,
    cashOut: { feeMinor },
    change: { policyVersion: policy.version, ...change },
  });
}

async function issued() {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  await server.institution.activate([voucher.serialNumber]);
  return voucher;
}

let lastHash: Uint8Array | undefined;
let lastNode: BareNode | undefined;

async function sent(node: BareNode, operation: SignedOperation) {
  const hash = lastNode === node ? lastHash : undefined;
  const after = { sequence: operation.sequence - 1, ...(hash && { hash }) };
  const { verdicts } = await node.upload([operation], after);
  if (!verdicts) throw new Error("the upload was refused");
  [lastNode, lastHash] = [node, operation.hash];
  return verdicts.verdicts;
}
