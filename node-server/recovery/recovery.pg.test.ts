/** The recovery of a restored database: how it begins, what it refuses, and the three ways in which it ends. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { encodeLease } from "#sync/documents/lease.ts";
import { signDocument } from "#sync/signing/cose.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { TestServer } from "../../test/support/server.ts";
import { serversWord } from "../../test/support/servers-word.ts";
import type { ToldVerdict } from "../../test/support/servers-word.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { fundGroup } from "../ledger/entries.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";
import { beginRecovery, overrideRecovery, readIdentity, readRecovery } from "../postgres/recovery-admin.ts";
import { beginRestored } from "./begin.ts";
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
  server = await startServerWithShop();
  return () => server.close();
});
afterAll(() => rm(folder, { recursive: true }));

describe("4.8: what is known of the database outside of it", () => {
  test("4.8: a database that has forgotten what was seen is refused, and so is one of an earlier generation", async () => {
    const { pool } = server.client;
    const identity = await readIdentity(pool);
    for (const seen of [
      { ...identity, lastAudit: identity.lastAudit + 100n },
      { ...identity, generation: identity.generation + 1, lastAudit: 0n },
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
    // Sealing goes on meanwhile.
    const { head: _head, ...identity } = await readIdentity(pool);
    expect(await readSeen(folder)).toMatchObject(identity);
  });

  test("a backup that is restored twice gives no number that others may know again", async () => {
    const { pool } = server.client;
    const numberAfterRestore = async () => {
      await beginRestored(pool, folder, { by: "Amina", graceHours: 24 });
      const { rows } = await pool.query<{ id: bigint }>("select nextval('bill_payments_id_seq') as id");
      return rows[0]?.id ?? 0n;
    };
    await writeSeen(folder, await readIdentity(pool));
    const first = await numberAfterRestore();
    await pool.query("select setval('bill_payments_id_seq', 1)");
    const second = await numberAfterRestore();
    expect(second - first).toBeGreaterThanOrEqual(1_000_000n);
  });

  test("a file that is damaged is an error and not a new beginning", async () => {
    await writeFile(join(folder, "database.seen"), "generation x\n");
    await expect(watchRecovery(folder, server.client.pool, quiet)).rejects.toThrow("is damaged");
    await rm(join(folder, "database.seen"));
  });
});

describe("4.8: a recovery", () => {
  test("4.8: ends when every node has uploaded; one that is revoked is waited for no longer", async () => {
    const [first, second] = [await enrolAtShop(server, "till 1"), await enrolAtShop(server, "till 2")];
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
    await enrolAtShop(server, "till 1");
    await restored();
    const { pool } = server.client;
    const days = ((await readRecovery(pool))?.until.getTime() ?? 0) - Date.now();
    expect(days / 86_400_000).toBeCloseTo(15, 1);
    await pool.query("update recoveries set until = clock_timestamp() - interval '1 second'");
    await endRecovery(server.context, testStore(pool));
    expect(await readRecovery(pool)).toMatchObject({ endedHow: "time-passed" });
  });

  test("4.8: ends by the word of two people, and the database too holds that they are two", async () => {
    await enrolAtShop(server, "till 1");
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
    const node = await enrolAtShop(server, "till 1");
    const vouchers = await server.institution.createVouchers("FOO", [7, 7]);
    const serials = vouchers.map(({ serialNumber }) => serialNumber);
    await server.institution.activate(serials, { leaseTo: node.identity.nodeId });
    const [one, two] = vouchers;
    if (!one || !two) throw new Error("no vouchers were made");
    const operations = [node.redeem(one), node.release(two.serialNumber)];
    await restored();
    const again = after(node);
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
    const node = await enrolAtShop(server, "till 1");
    const other = await enrolAtShop(server, "till 2");
    const vouchers = await server.institution.createVouchers("FOO", [7, 7]);
    const [one, two] = vouchers;
    if (!one || !two) throw new Error("no vouchers were made");
    await server.institution.activate([one.serialNumber], { leaseTo: node.identity.nodeId });
    await server.institution.activate([two.serialNumber], { leaseTo: other.identity.nodeId });
    const operation = other.redeem(two);
    const { document } = await other.upload([operation]);
    if (!document) throw new Error("no list came");
    await restored();
    const again = after(node);
    const claimed = again.redeem(one, { epoch: { generation: 1, n: 1 } });
    const stolen = await again.upload([claimed], undefined, [document]);
    expect(stolen.verdicts?.verdicts).toMatchObject([{ status: "held", reason: "recovery" }]);
  });
});

describe("4.8: what the restored database had left open", () => {
  test("4.8: a claim that waited for a lease has its verdict, whichever way the lease had closed since the backup", async () => {
    const { holder, other, vouchers } = await twoTills();
    const claims = vouchers.map((voucher) => other.redeem(voucher, { ...online }));
    await other.upload(claims);
    const operations = [holder.redeem(vouchers[0]), holder.release(vouchers[1].serialNumber)];
    const word = await signed(holder, operations, { status: "applied" });
    await restored();
    const { verdicts } = await after(holder).upload(operations, undefined, [word]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }, { status: "applied" }]);
    expect(await states()).toEqual(["redeeming", "activated"]);
    await ended();
    const told = await after(other).upload(claims);
    expect(told.verdicts?.verdicts).toMatchObject([
      { status: "rejected", reason: "already-consumed" },
      { status: "applied" },
    ]);
  });

  test("4.1: a release that comes between a recovery's end and its last verdict waits for the redemption before it", async () => {
    const { holder, vouchers } = await twoTills();
    const operations = [holder.redeem(vouchers[0]), holder.release(vouchers[0].serialNumber)] as const;
    await restored();
    const again = after(holder);
    await again.upload([operations[0]]);
    await overrideRecovery(server.client.pool, "Amina");
    await overrideRecovery(server.client.pool, "Ben");
    const { verdicts } = await again.upload([operations[1]], operations[0]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "held", reason: "earlier-operation-held" }]);
    await ended();
    const told = await again.upload(operations);
    expect(told.verdicts?.verdicts).toMatchObject([{ status: "applied" }, { status: "applied" }]);
    expect((await states())[0]).not.toBe("activated");
  });

  test("4.8: a lease of after the backup, used only when the recovery was over, is one that has closed and not one that never was", async () => {
    const [holder, other] = [await enrolAtShop(server, "till 1"), await enrolAtShop(server, "till 2")];
    const vouchers = await server.institution.createVouchers("FOO", [7, 7, 7]);
    const [free, gone, elsewhere] = vouchers as [IssuedVoucher, IssuedVoucher, IssuedVoucher];
    await server.institution.activate([free.serialNumber, gone.serialNumber]);
    await server.institution.activate([elsewhere.serialNumber], { leaseTo: other.identity.nodeId });
    const { nodeId } = holder.identity;
    const epoch = { generation: 1, n: 9 };
    const leases = await Promise.all(
      vouchers.map(({ serialNumber }) => {
        const serial = BigInt(serialNumber);
        const lease = encodeLease({ serial, nodeId, epoch, notAfterMs: Date.now() + 3_600_000 });
        return signDocument(server.keys.signers.lease, lease);
      }),
    );
    await restored();
    await ended();
    await server.institution.redeem(gone.serialNumber, gone.number, "shop-1");
    const again = after(holder);
    const operations = [free, gone, elsewhere].map((voucher) => again.redeem(voucher, { epoch }));
    const { verdicts } = await again.upload(operations, undefined, leases);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "applied" },
      { status: "rejected", reason: "lease-closed", guaranteedMinor: 700n },
      { status: "held", reason: "leased-to-another-node" },
    ]);
    const release = other.release(elsewhere.serialNumber);
    await after(other).upload([release]);
    const told = await again.upload(operations);
    expect(told.verdicts?.verdicts[2]).toMatchObject({ status: "applied" });
  });

  test("4.8: one at which the server fails is quarantined, and keeps no other from its verdict", async () => {
    const { holder, vouchers } = await twoTills();
    const operations = vouchers.map((voucher) => holder.redeem(voucher));
    await restored();
    const again = after(holder);
    await again.upload(operations);
    const { pool } = server.client;
    const serial = BigInt(vouchers[0].serialNumber);
    await pool.query(`alter table claims add constraint a_bug check (voucher_serial <> ${serial})`);
    await ended();
    const told = await again.upload(operations);
    expect(told.verdicts?.verdicts).toMatchObject([
      { status: "held", reason: "quarantined" },
      { status: "applied" },
    ]);
  });

  test("4.8: a till that is frozen has uploaded when it has sent all that it has, though its chain ends before that", async () => {
    const { holder, other, vouchers } = await twoTills();
    const { pool } = server.client;
    await testStore(pool).transaction((tx) => tx.nodes.setStatus(holder.identity.nodeId, "frozen"));
    await restored();
    const again = after(holder);
    await again.upload(
      vouchers.map((voucher) => again.redeem(voucher)),
      undefined,
      null,
      2,
    );
    await after(other).upload([], undefined, null, 0);
    await endRecovery(server.context, testStore(pool));
    expect(await readRecovery(pool)).toMatchObject({ endedHow: "all-uploaded", awaited: [] });
  });

  test("4.5, 4.8: the dispute about a loss that the server had guaranteed is there again", async () => {
    const { holder, vouchers } = await twoTills();
    const operation = holder.redeem(vouchers[0]);
    const lost = { status: "rejected", reason: "lease-closed", guaranteedMinor: 700n } as const;
    const word = await signed(holder, [operation], lost);
    await restored();
    const { verdicts } = await after(holder).upload([operation], undefined, [word]);
    expect(verdicts?.verdicts).toMatchObject([lost]);
    const { rows } = await server.client.pool.query(
      "select amount_minor, guaranteed_minor, state from disputes",
    );
    expect(rows).toEqual([{ amount_minor: 700n, guaranteed_minor: 700n, state: "open" }]);
  });
});

/** So that it is not too late, whenever it is judged. */
const online = { mode: "online", epoch: null, lastServerTimeMs: Date.now() + 3_600_000 } as const;

test("4.2, 4.8: what was decided at risk before a restore uses up its contact's limits after it as well", async () => {
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "RSK", name: "At risk", validityDays: 30, atRisk: true });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO", "RSK"] });
  await fundForTest(pool, fundGroup("t-2", "RSK", { amountMinor: 100_000n, currency: "USD" }));
  const node = await enrolAtShop(server, "till 1");
  const [voucher] = (await server.institution.createVouchers("RSK", [7])) as [IssuedVoucher];
  await server.institution.activate([voucher.serialNumber]);
  const lastServerTimeMs = Date.now();
  const operation = node.redeem(voucher, { mode: "at-risk", epoch: null, lastServerTimeMs });
  const word = await signed(node, [operation], { status: "applied" });
  await restored();
  const { verdicts } = await after(node).upload([operation], undefined, [word]);
  expect(verdicts?.verdicts).toMatchObject([{ status: "applied" }]);
  const used = await testStore(pool).transaction((tx) =>
    tx.limits.used(node.identity.nodeId, lastServerTimeMs, "USD"),
  );
  expect(used).toEqual({ count: 1, sumMinor: 700n });
});

/** One of them holds the leases of both vouchers. */
async function twoTills() {
  const [holder, other] = [await enrolAtShop(server, "till 1"), await enrolAtShop(server, "till 2")];
  const vouchers = await server.institution.createVouchers("FOO", [7, 7]);
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: holder.identity.nodeId });
  return { holder, other, vouchers: vouchers as [IssuedVoucher, IssuedVoucher] };
}

/** The server's word for these operations, given after the backup: its database knows nothing of it. */
function signed(
  node: BareNode,
  operations: readonly SignedOperation[],
  verdict: ToldVerdict,
): Promise<Uint8Array> {
  const told = operations.map((operation) => [operation, verdict] as const);
  return serversWord(server.context.verdictSigner, node, told);
}

/** The same till in the generation after the restore. */
function after(node: BareNode): BareNode {
  const again = new BareNode(server.url, node.seed, { ...node.identity, generation: 2 });
  again.resumeAfter(node);
  return again;
}

async function ended(): Promise<void> {
  const { pool } = server.client;
  await pool.query("update recovery_nodes set uploaded_at = clock_timestamp()");
  await endRecovery(server.context, testStore(pool));
}

async function states(): Promise<readonly string[]> {
  const { rows } = await server.client.pool.query<{ state: string }>(
    "select state from vouchers order by serial",
  );
  return rows.map(({ state }) => state);
}

/** As after `restored`: the generation is raised, and the recovery begun. */
function restored(): Promise<void> {
  return beginRecovery(server.client.pool, { generation: 2, by: "Amina", graceHours: 24, numbersSeen: [] });
}
