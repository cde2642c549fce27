/** The recovery of a restored database: how it begins, what it refuses, and the three ways in which it ends. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { encodeVerdictList } from "#sync/documents/verdict-list.ts";
import { signDocument } from "#sync/signing/cose.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { beginRecovery, overrideRecovery, readIdentity, readRecovery } from "../postgres/recovery-admin.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";
import { endRecovery } from "./end.ts";
import { readSeen, writeSeen } from "./generation-file.ts";
import { RestoredDatabaseError, watchRecovery } from "./watch.ts";

const quiet = { warn: () => {} };
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paypost-recovery-"));
});
beforeEach(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 100_000n, currency: "USD" }));
  return () => server.close();
});
afterAll(() => rm(folder, { recursive: true }));

describe("4.8: what is known of the database outside of it", () => {
  test("4.8: a database that has forgotten what was seen is refused, and so is one of an earlier generation", async () => {
    const { pool } = server.client;
    const { generation, lastAudit } = await readIdentity(pool);
    for (const seen of [
      { generation, lastAudit: lastAudit + 100n },
      { generation: generation + 1, lastAudit: 0n },
    ]) {
      await writeSeen(folder, seen);
      await expect(watchRecovery(folder, pool, quiet)).rejects.toThrow(RestoredDatabaseError);
      expect(await readSeen(folder)).toEqual(seen);
    }
  });

  test("one that is where it was is taken, and how far it comes is written down", async () => {
    const { pool } = server.client;
    await writeSeen(folder, await readIdentity(pool));
    const watch = await watchRecovery(folder, pool, quiet);
    await pool.query("insert into audit_entries (actor, action, subject) values ('a', 'b', 'c')");
    await watch.close();
    expect(await readSeen(folder)).toEqual(await readIdentity(pool));
  });

  test("a file that is damaged is an error and not a new beginning", async () => {
    await writeFile(join(folder, "database.seen"), "generation x\n");
    await expect(watchRecovery(folder, server.client.pool, quiet)).rejects.toThrow("is damaged");
    await rm(join(folder, "database.seen"));
  });
});

describe("4.8: a recovery", () => {
  test("4.8: ends when every node has uploaded; one that is revoked is waited for no longer", async () => {
    const [first, second] = [await enrol("till 1"), await enrol("till 2")];
    await restored();
    const { pool } = server.client;
    await endRecovery(server.context, testStore(pool));
    expect((await readRecovery(pool))?.awaited.map(({ name }) => name)).toEqual(["till 1", "till 2"]);
    await testStore(pool).transaction((tx) => tx.recovery.noteUploaded(2, first.identity.nodeId));
    await endRecovery(server.context, testStore(pool));
    expect((await readRecovery(pool))?.endedAt).toBeNull();
    await revokeNode(testStore(pool), second.identity.nodeId);
    await endRecovery(server.context, testStore(pool));
    expect(await readRecovery(pool)).toMatchObject({ endedHow: "all-uploaded", awaited: [] });
  });

  test("4.8: ends when the longest lease and its grace have passed", async () => {
    await enrol("till 1");
    await restored();
    const { pool } = server.client;
    const days = ((await readRecovery(pool))?.until.getTime() ?? 0) - Date.now();
    expect(days / 86_400_000).toBeCloseTo(15, 1);
    await pool.query("update recoveries set until = clock_timestamp() - interval '1 second'");
    await endRecovery(server.context, testStore(pool));
    expect(await readRecovery(pool)).toMatchObject({ endedHow: "time-passed" });
  });

  test("4.8: ends by the word of two people, and the database too holds that they are two", async () => {
    await enrol("till 1");
    await restored();
    const { pool } = server.client;
    expect(await overrideRecovery(pool, "Amina")).toBe("proposed");
    expect(await overrideRecovery(pool, "Amina")).toBe("same-person");
    await expect(
      pool.query(
        "update recoveries set ended_at = clock_timestamp(), ended_how = 'overridden', ended_by = 'Amina'",
      ),
    ).rejects.toMatchObject({ constraint: "recovery_ended_by_two" });
    expect(await overrideRecovery(pool, "Ben")).toBe("ended");
    expect(await readRecovery(pool)).toMatchObject({ endedHow: "overridden", endedBy: "Ben" });
    expect(await overrideRecovery(pool, "Ben")).toBe("no-recovery");
    const { rows } = await pool.query(
      "select actor, action from audit_entries where subject = 'generation:2' and actor <> 'server' order by id",
    );
    expect(rows).toEqual([
      { actor: "operator:Amina", action: "recovery.begin" },
      { actor: "operator:Amina", action: "recovery.propose-end" },
      { actor: "operator:Ben", action: "recovery.override" },
    ]);
  });

  test("4.8: what a node brings without the server's word is held, and settled in order of arrival when it ends", async () => {
    const node = await enrol("till 1");
    const vouchers = await server.institution.createVouchers("FOO", [7, 7]);
    const serials = vouchers.map(({ serialNumber }) => serialNumber);
    await server.institution.activate(serials, { leaseTo: node.identity.nodeId });
    const [one, two] = vouchers;
    if (!one || !two) throw new Error("no vouchers were made");
    const operations = [node.redeem(one), node.release(two.serialNumber)];
    await restored();
    const again = new BareNode(server.url, node.seed, { ...node.identity, generation: 2 });
    again.resumeAfter(node);
    const { verdicts } = await again.upload(operations);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "held", reason: "recovery" },
      { status: "held", reason: "recovery" },
    ]);
    expect(await server.institution.status(one.serialNumber)).not.toBe("Consumed");
    const { pool } = server.client;
    await pool.query("update recovery_nodes set uploaded_at = clock_timestamp()");
    expect(await endRecovery(server.context, testStore(pool))).toBe(2);
    const told = await again.upload(operations);
    expect(told.verdicts?.verdicts).toMatchObject([{ status: "applied" }, { status: "applied" }]);
    const { rows } = await pool.query("select state from vouchers order by serial");
    expect(rows.map(({ state }) => state)).toEqual(["consumed", "activated"]);
  });

  test("4.8: the server's own verdict counts only with its signature, for its node and operation", async () => {
    const node = await enrol("till 1");
    const other = await enrol("till 2");
    const vouchers = await server.institution.createVouchers("FOO", [7, 7]);
    const [one, two] = vouchers;
    if (!one || !two) throw new Error("no vouchers were made");
    await server.institution.activate([one.serialNumber], { leaseTo: node.identity.nodeId });
    await server.institution.activate([two.serialNumber], { leaseTo: other.identity.nodeId });
    const operation = other.redeem(two);
    const { document } = await other.upload([operation]);
    if (!document) throw new Error("no list came");
    await restored();
    const again = new BareNode(server.url, node.seed, { ...node.identity, generation: 2 });
    again.resumeAfter(node);
    const claimed = again.redeem(one, { epoch: { generation: 1, n: 1 } });
    const stolen = await again.upload([claimed], undefined, [document]);
    expect(stolen.verdicts?.verdicts).toMatchObject([{ status: "held", reason: "recovery" }]);
  });
});

describe("4.2, 4.8: limits across a restore", () => {
  test("what the server had decided at risk before uses up its contact's limits after it as well", async () => {
    const { pool } = server.client;
    await putVoucherGroup(pool, { code: "RSK", name: "At risk", validityDays: 30, atRisk: true });
    await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO", "RSK"] });
    await fundForTest(pool, fundGroup("t-2", "RSK", { amountMinor: 100_000n, currency: "USD" }));
    const node = await enrol("till 1");
    const [voucher] = await server.institution.createVouchers("RSK", [7]);
    if (!voucher) throw new Error("no voucher was made");
    await server.institution.activate([voucher.serialNumber]);
    const lastServerTimeMs = Date.now();
    const operation = node.redeem(voucher, { mode: "at-risk", epoch: null, lastServerTimeMs });
    const verdict = {
      sequence: 1,
      operationHash: operation.hash,
      status: "applied",
      reason: null,
      transactionId: "t",
      decidedAtMs: lastServerTimeMs,
      duplicate: false,
      evidence: null,
      guaranteedMinor: null,
    } as const;
    const list = await signDocument(
      server.context.verdictSigner,
      encodeVerdictList({
        nodeId: node.identity.nodeId,
        generation: 1,
        serverTimeMs: lastServerTimeMs,
        policyVersion: 0,
        lastSequence: 1,
        lastHash: operation.hash,
        verdicts: [verdict],
      }),
    );
    await restored();
    const again = new BareNode(server.url, node.seed, { ...node.identity, generation: 2 });
    again.resumeAfter(node);
    const { verdicts } = await again.upload([operation], undefined, [list]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
    const used = await testStore(pool).transaction((tx) =>
      tx.limits.used(node.identity.nodeId, lastServerTimeMs, "USD"),
    );
    expect(used).toEqual({ count: 1, sumMinor: 700n });
  });
});

/** As after `restored`: the generation is raised, and the recovery begun. */
function restored(): Promise<void> {
  return beginRecovery(server.client.pool, { generation: 2, by: "Amina", graceHours: 24 });
}

async function enrol(nodeName: string): Promise<BareNode> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const store = testStore(server.client.pool);
  const code = await issueEnrolmentCode(store, random, { merchantId: "shop-1", nodeName, validHours: 1 });
  return BareNode.enrol(server.url, code);
}
