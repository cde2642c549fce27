/** The operators' commands about leases, beside a running server. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { webRandomBytes } from "#sync/signing/random.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { operateOn } from "../../test/support/operate.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { putVoucherGroup } from "../postgres/registry-admin.ts";

let server: TestServer;
let node: BareNode;
let voucher: IssuedVoucher;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  await operate(
    "merchant",
    "add",
    "shop-1",
    "Shop 1",
    "--accepts",
    "FOO",
    "--area",
    "Kisumu",
    "--phone",
    "+254 7",
  );
  const terms = { merchantId: "shop-1", nodeName: "till 1", validHours: 1 };
  const code = await issueEnrolmentCode(testStore(pool), webRandomBytes, terms);
  node = await BareNode.enrol(server.url, code);
  [voucher] = (await server.institution.createVouchers("FOO", [7])) as [IssuedVoucher];
  await server.institution.activate([voucher.serialNumber], { leaseTo: "shop-1" });
});

afterAll(() => server.close());

test("a merchant's telephone number is registered, stays when it is left out, and must be one", async () => {
  await operate("merchant", "add", "shop-1", "Shop 1");
  expect((await operate("merchants")).stdout).toContain("+254 7");
  expect((await refused("merchant", "add", "shop-1", "Shop 1", "--phone", "call me")).stderr).toContain(
    "no telephone number",
  );
});

test("the open leases are listed, of one node or one group", async () => {
  const { nodeId } = node.identity;
  for (const which of [[], ["--node", nodeId], ["--node", "till 1"], ["--group", "FOO"]]) {
    expect((await operate("leases", ...which)).stdout).toContain(voucher.serialNumber);
  }
  for (const which of [
    ["--node", "till 2"],
    ["--group", "BAR"],
  ]) {
    expect((await operate("leases", ...which)).stdout).not.toContain(voucher.serialNumber);
  }
  await refused("leases", "till 1");
});

test("a lease is asked back by a person, which its holder, the list and the audit trail say", async () => {
  const { serialNumber } = voucher;
  expect((await refused("lease", "recall", serialNumber)).stderr).toContain("--by is missing");
  expect((await operate("lease", "recall", serialNumber, "--by", "ana")).stdout).toContain("asked to give");
  const [lease] = JSON.parse((await operate("leases", "--json")).stdout) as { recalledAt: string | null }[];
  expect(lease?.recalledAt).toMatch(/^20/);
  const { rows } = await server.client.pool.query(
    `select actor, subject from audit_entries where action = 'lease.recall'`,
  );
  expect(rows).toEqual([{ actor: "operator:ana", subject: `voucher:${BigInt(serialNumber)}` }]);
  expect((await refused("lease", "recall", "999", "--by", "ana")).stderr).toContain("is not leased");
  expect((await refused("lease", "recall", "abc", "--by", "ana")).stderr).toContain("no serial number");
});

test("a voucher's leases are shown, with how each ended", async () => {
  const { serialNumber } = voucher;
  expect((await operate("lease", "show", serialNumber)).stdout).toMatch(/1\.1 .*till 1 .* open/);
  await node.upload([node.release(serialNumber)]);
  expect((await operate("lease", "show", serialNumber)).stdout).toMatch(/1\.1 .*till 1 .* released/);
  expect((await refused("lease", "show", "999")).stderr).toContain("never leased");
});

test("how many leases a node may hold is set, shown and audited", async () => {
  const { nodeId } = node.identity;
  await operate("node", "leases", nodeId, "25");
  expect((await operate("nodes")).stdout).toContain("0 of 25");
  expect((await refused("node", "leases", nodeId, "many")).stderr).toContain("whole number");
  expect((await refused("node", "leases", "nobody", "5")).stderr).toContain("no node");
  const { rows } = await server.client.pool.query(
    `select before, after from audit_entries where action = 'node.most-leases'`,
  );
  expect(rows).toEqual([{ before: { mostLeases: 1000 }, after: { mostLeases: 25 } }]);
});

test("a code for a new PIN is issued for a node that there is", async () => {
  const { nodeId } = node.identity;
  expect((await operate("node", "pin-code", nodeId)).stdout).toMatch(/([0-9A-Z]{4}-){3}[0-9A-Z]{4}/);
  for (const nobody of ["nobody", randomUUID()])
    expect((await refused("node", "pin-code", nobody)).stderr).toContain("no active node");
});

async function operate(...args: readonly string[]) {
  const finished = await paypost(...args);
  expect([finished.code, finished.stderr]).toEqual([0, ""]);
  return finished;
}

async function refused(...args: readonly string[]) {
  const finished = await paypost(...args);
  expect(finished.code).toBe(2);
  return finished;
}

function paypost(...args: readonly string[]) {
  return operateOn(server, ...args);
}
