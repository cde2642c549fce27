/** Operations that the server cannot read or fails at: stored in their place, held, and never in the way of what follows. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decodeCbor, encodeCbor } from "#sync/signing/cbor.ts";
import type { CborValue } from "#sync/signing/cbor.ts";
import { parseDocument, signDocumentSync } from "#sync/signing/cose.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { listHeld } from "../postgres/held-admin.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";
import { decideHeld, proposeDecision, retryQuarantined } from "./decide-held.ts";
import { settleAll } from "./receive.ts";
import { closeOverdueLeases } from "./release.ts";

let server: TestServer;
let node: BareNode;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
});

beforeEach(async () => {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId: "shop-1", nodeName: "till", validHours: 1 };
  node = await BareNode.enrol(server.url, await issueEnrolmentCode(store(), random, wish));
});

afterAll(() => server.close());

describe("3: quarantine is a verdict on bytes that the server stored", () => {
  test("3: an operation that it cannot read is held in its place, and what follows is decided", async () => {
    const [voucher] = await leased(1);
    if (!voucher) throw new Error("no voucher was made");
    const strange = ofNewerVersion(node);
    const { verdicts } = await node.upload([strange, node.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([
      { sequence: 1, status: "held", reason: "quarantined" },
      { sequence: 2, status: "applied" },
    ]);
    expect(verdicts?.lastSequence).toBe(2);
    const { rows } = await server.client.pool.query<{ signed: Buffer }>(
      "select signed from operations where node_id = $1 and sequence = 1",
      [node.identity.nodeId],
    );
    expect(new Uint8Array(rows[0]?.signed ?? Buffer.alloc(0))).toEqual(strange.signed);
    const again = await node.upload([strange], { sequence: 0 });
    expect(again.verdicts?.verdicts).toMatchObject([{ status: "held", duplicate: true }]);
  });

  test("3: people end it; it is not applied as long as nobody can read it", async () => {
    const strange = ofNewerVersion(node);
    await node.upload([strange]);
    const held = { nodeId: node.identity.nodeId, hash: strange.hash };
    expect(await retryQuarantined(server.context, store(), held, "Amina")).toMatchObject({
      code: "not-readable",
    });
    await proposeDecision(store(), held, { verdict: "apply", because: "a call", by: "Amina" });
    expect(await decideHeld(server.context, store(), held, "Ben")).toMatchObject({ code: "not-readable" });
  });

  test("3: an operation at which the server fails is held, the alert is raised, and it is judged once the failure is mended", async () => {
    const [first, second] = await leased(2);
    if (!first || !second) throw new Error("no vouchers were made");
    const operations = [node.redeem(first), node.redeem(second)];
    await failAt(first.serialNumber);
    const { verdicts } = await node.upload(operations);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "held", reason: "quarantined" },
      { status: "applied" },
    ]);
    await mend();
    const held = { nodeId: node.identity.nodeId, hash: operations[0]?.hash ?? new Uint8Array() };
    expect(await retryQuarantined(server.context, store(), held, "Amina")).toMatchObject({
      row: { state: "applied", reason: null },
    });
    expect(await listHeld(server.client.pool, { hash: Buffer.from(held.hash).toString("hex") })).toEqual([]);
    const { rows } = await server.client.pool.query(
      "select kind from alerts where kind = 'operation-quarantined' and subject = $1",
      [`operation:${node.identity.nodeId}:1`],
    );
    expect(rows).toHaveLength(1);
  });

  test("3: a release is not held up by itself: it is applied once its failure is mended, or by two people, once", async () => {
    const [first, second] = await leased(2);
    if (!first || !second) throw new Error("no vouchers were made");
    await failAt(first.serialNumber);
    const claim = node.redeem(first);
    await node.upload([claim]);
    await failAt(second.serialNumber, "leases", "another_bug");
    const releases = [node.release(first.serialNumber), node.release(second.serialNumber)];
    const { verdicts } = await node.upload(releases);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "held", reason: "earlier-operation-held" },
      { status: "held", reason: "quarantined" },
    ]);
    await mend();
    await mend("leases", "another_bug");
    const [byPeople, retried] = releases.map(({ hash }) => ({ nodeId: node.identity.nodeId, hash }));
    if (!byPeople || !retried) throw new Error("nothing is held");
    expect(await retryQuarantined(server.context, store(), retried, "Amina")).toMatchObject({
      row: { state: "applied", reason: null },
    });
    await proposeDecision(store(), byPeople, { verdict: "apply", because: "a call", by: "Amina" });
    expect(await decideHeld(server.context, store(), byPeople, "Ben")).toMatchObject({
      row: { state: "applied" },
    });
    const { rows } = await server.client.pool.query(
      "select subject from audit_entries where subject = $1 and after ->> 'state' = 'applied'",
      [`operation:${node.identity.nodeId}:2`],
    );
    expect(rows).toHaveLength(1);
    expect(await server.institution.status(first.serialNumber)).toBe("Activated");
  });

  test("3: one at which the server still fails keeps no lease from closing", async () => {
    const [first, second] = await leased(2);
    if (!first || !second) throw new Error("no vouchers were made");
    const operation = node.redeem(first);
    await failAt(first.serialNumber);
    await node.upload([operation]);
    const serials = [first, second].map(({ serialNumber }) => BigInt(serialNumber));
    await ageLeases(server.client.pool, serials, 20);
    expect(await closeOverdueLeases(server.context, store(), 0)).toBe(2);
    const { rows } = await server.client.pool.query("select state from vouchers where serial = any($1)", [
      serials,
    ]);
    expect(rows).toEqual([{ state: "activated" }, { state: "activated" }]);
    await mend();
    const held = { nodeId: node.identity.nodeId, hash: operation.hash };
    expect(await retryQuarantined(server.context, store(), held, "Amina")).toMatchObject({
      row: { state: "applied" },
    });
  });

  test("a database that is away quarantines nothing", async () => {
    const gone = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
    const away = { transaction: () => Promise.reject(gone) };
    const received = {
      envelope: {
        nodeId: node.identity.nodeId,
        operationId: "0192f000-0000-7000-8000-00000000000a",
        sequence: 1,
        previousHash: new Uint8Array(32),
      },
      operation: undefined,
      hash: new Uint8Array(32),
      signed: new Uint8Array(1),
      sealed: null,
    };
    const evidence = { verdicts: new Map(), leases: [] };
    const settled = settleAll(
      { store: away, context: server.context },
      node.identity.nodeId,
      [received],
      evidence,
    );
    await expect(settled).rejects.toBe(gone);
  });
});

/** One whose body this server has no word for, signed and in its place. */
function ofNewerVersion(from: BareNode): SignedOperation {
  const plain = from.release("1");
  const parsed = parseDocument(plain.signed);
  const decoded = parsed.ok ? decodeCbor(parsed.payload) : undefined;
  if (!decoded?.ok || !(decoded.value instanceof Map)) throw new Error("an operation is a map");
  const fields = new Map<number, CborValue>(decoded.value as Map<number, CborValue>);
  fields.set(12, new Map<number, CborValue>([[0, "teleport-voucher"]]));
  const { bytes, hash } = signDocumentSync(createSyncSigner("operation", from.seed), encodeCbor(fields));
  from.head = { sequence: plain.sequence, hash };
  return { ...plain, signed: bytes, hash };
}

/** A bug, as far as the server can tell: a rule of the database that its code does not know of. */
async function failAt(serialNumber: string, table = "claims", bug = "a_bug"): Promise<void> {
  // What is there already does not count.
  await server.client.pool.query(
    `alter table ${table} add constraint ${bug} check (voucher_serial <> ${BigInt(serialNumber)}) not valid`,
  );
}

async function mend(table = "claims", bug = "a_bug"): Promise<void> {
  await server.client.pool.query(`alter table ${table} drop constraint ${bug}`);
}

async function leased(count: number) {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: node.identity.nodeId });
  return vouchers;
}

function store() {
  return testStore(server.client.pool);
}
