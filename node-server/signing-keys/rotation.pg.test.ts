/** Signing keys are replaced while a server runs: what was signed before stays good, and whoever was away learns the new keys. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSelfSignedKeySet } from "#sync/documents/key-set.ts";
import { textToToken } from "#sync/documents/voucher-token.ts";
import { keyIdOf, parseDocument } from "#sync/signing/cose.ts";
import { createDatabase } from "../../test/support/database.ts";
import { operateOn } from "../../test/support/operate.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import type { RealTill } from "../../test/support/real-till.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { createKeyFiles } from "../key-files.ts";
import { migrateDatabase } from "../postgres/migrate.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import { prepareKeys } from "./change.ts";
import { registerKeys } from "./registered.ts";
import { openKeyRing } from "./ring.ts";

let server: TestServer;
let away: RealTill;
let stale: RealTill;
let vouchers: readonly IssuedVoucher[];

beforeAll(async () => {
  server = await startServerWithShop();
  [away, stale] = [
    await enrolRealTill(server, "shop-1", { name: "away", lasting: true }),
    await enrolRealTill(server, "shop-1", { name: "stale", lasting: true }),
  ];
  vouchers = await server.institution.createVouchers("FOO", [7, 7, 7, 7]);
  for (const [voucher, { nodeId, node }] of [
    [voucherOf(0), away],
    [voucherOf(1), stale],
  ] as const) {
    await server.institution.activate([voucher.serialNumber], { leaseTo: nodeId });
    expect(await node.sync()).toMatchObject({ upload: { problem: undefined } });
  }
});

afterAll(async () => {
  away.remove();
  stale.remove();
  await server.close();
});

describe("a rotation of all keys", () => {
  test("is prepared by one person and activated by another, once the keys have been published for a time", async () => {
    expect(await keys("rotate", "--by", "Ann")).toMatchObject({ code: 0 });
    expect(await keys("rotate", "lease", "--by", "Ann")).toMatchObject({
      code: 2,
      stderr: "lease has a next key already: somebody else activates it",
    });
    expect((await keys("activate", "--now", "--by", "Ann")).stderr).toMatch(/^Whoever has made/);
    expect((await keys("activate", "--by", "Ben")).stderr).toMatch(
      /^It is too early for .*: it may sign from/,
    );
    await server.keys.refresh();
    expect(await currentKeyIds()).toEqual({ jwks: 2, sets: 14, signedBy: await keyIdOfNumber("key-set", 1) });
    expect(server.keys.callbackKey().keyId).toBe(await keyIdOfNumber("callback", 1));
    await published("10 minutes");
    expect(await keys("activate", "--by", "Ben")).toMatchObject({ code: 0 });
    await server.keys.refresh();
    expect(server.keys.callbackKey().keyId).toBe(await keyIdOfNumber("callback", 2));
    const { rows } = await server.client.pool.query<{ action: string; actor: string }>(
      "select distinct action, actor from audit_entries where action like 'key.%' order by action",
    );
    expect(rows).toEqual([
      { action: "key.activate", actor: "operator:Ben" },
      { action: "key.prepare", actor: "operator:Ann" },
    ]);
  });

  test("signs callbacks by the new key, which receivers find beside the old one", async () => {
    await server.institution.activate([voucherOf(2).serialNumber]);
    const keyId = await keyIdOfNumber("callback", 2);
    const headers = server.receiver.received.at(-1)?.headers ?? {};
    expect(headers["signature-input"]).toContain(`keyid="${keyId}"`);
    const response = await fetch(`${server.url}/.well-known/jwks.json`);
    const { keys: published } = (await response.json()) as { keys: { kid: string }[] };
    expect(published.map(({ kid }) => kid)).toContain(keyId);
  });

  test("leaves a voucher's token to the key that salted its number, and gives new vouchers the new key", async () => {
    const [made] = await server.institution.createVouchers("FOO", [7]);
    if (!made) throw new Error("no voucher");
    await server.institution.activate([made.serialNumber, voucherOf(3).serialNumber]);
    expect(await tokenKeyOf(made)).toBe(await keyIdOfNumber("voucher-token", 2));
    expect(await tokenKeyOf(voucherOf(3))).toBe(await keyIdOfNumber("voucher-token", 1));
    // A till checks the number against each token, offline.
    const till = await enrolRealTill(server, "shop-1", { name: "new" });
    expect(till.stores.trust.keySet().keys).toHaveLength(14);
    const leased = await server.institution.createVouchers("FOO", [7]);
    await server.institution.activate([leased[0]?.serialNumber ?? ""], { leaseTo: till.nodeId });
    await till.node.sync();
    expect(await till.redeem(leased[0] ?? voucherOf(0))).toMatchObject({ kind: "accepted" });
  });

  test("reaches a till that was away: what it did under the old keys is settled in its first sync", async () => {
    expect(await away.redeem(voucherOf(0))).toMatchObject({ kind: "accepted" });
    expect(await away.node.sync()).toMatchObject({ upload: { applied: 1, problem: undefined } });
    expect(away.stores.trust.keySet().keys).toHaveLength(14);
  });
});

describe("an old key", () => {
  test("is not retired before the overlap has passed, nor while something depends on it", async () => {
    expect((await keys("retire", "lease", "--by", "Ann")).stderr).toMatch(/^It is too early for lease:/);
    expect((await keys("retire", "lease.2", "--by", "Ann")).stderr).toMatch(/^lease.2 is no old key/);
    await replaced("90 days");
    expect((await keys("retire", "voucher-token", "--by", "Ann")).stderr).toMatch(
      /^voucher-token is still needed: [0-9]+ vouchers that have not ended bear its key id/,
    );
    expect((await keys("retire", "enrolment-certificate", "--by", "Ann")).stderr).toMatch(
      /certificates of nodes that are not/,
    );
    expect((await keys("retire", "lease", "--by", "Ann")).stderr).toMatch(
      /^lease is still needed: 1 open lease/,
    );
    expect(await keys("retire", "callback", "--by", "Ann")).toMatchObject({ code: 0 });
    expect(await keys("retire", "key-set", "--by", "Ann")).toMatchObject({ code: 0 });
    expect(await keys("retire", "verdict-list", "--by", "Ann")).toMatchObject({ code: 0 });
    await server.keys.refresh();
    expect(await currentKeyIds()).toEqual({ jwks: 1, sets: 12, signedBy: await keyIdOfNumber("key-set", 2) });
  });

  test("that was retired while a till was away keeps it from nothing: it follows the key sets that it missed", async () => {
    expect(await stale.redeem(voucherOf(1))).toMatchObject({ kind: "accepted" });
    expect(stale.stores.trust.keySet().version).toBe(1);
    expect(await stale.node.sync()).toMatchObject({ upload: { applied: 1, problem: undefined } });
    expect(stale.stores.trust.keySet()).toMatchObject({ version: server.keys.keySet.version });
  });

  test("in wrong hands is retired at once, with a reason, and what it made is refused by name", async () => {
    const old = await server.institution.createVouchers("FOO", [7]);
    await keys("rotate", "voucher-token", "--by", "Ann");
    await keys("activate", "voucher-token", "--now", "--by", "Ben");
    await replaced("2 minutes");
    const because = ["--compromised", "--because", "a stolen backup", "--by", "Ann"];
    expect(await keys("retire", "voucher-token.2", "--compromised", "--by", "Ann")).toMatchObject({
      code: 2,
    });
    expect(await keys("retire", "voucher-token.2", ...because)).toMatchObject({ code: 0 });
    await server.keys.refresh();
    const outcome = await server.institution.activate([old[0]?.serialNumber ?? ""]);
    expect(JSON.stringify(outcome)).toContain("Its Number Is No Longer Trusted");
  });
});

test("a server whose folder lacks a key that the database knows does not start", async () => {
  const folder = await mkdtemp(join(tmpdir(), "paypost-keys-copy-"));
  await cp(server.keysFolder, folder, { recursive: true });
  await rm(join(folder, "lease.2.key"));
  const opening = openKeyRing(createKeyFiles(folder), server.client.pool, server.keys.keySet.boxPublicKey);
  await expect(opening).rejects.toThrow("The lease.2 key in the key folder is missing");
  await rm(folder, { recursive: true });
});

test("a database that was restored from before a rotation gets the same next keys out of the folder", async () => {
  const older = await createDatabase();
  await migrateDatabase(older.url);
  const client = createDatabaseClient(older.url, pino({ level: "silent" }));
  const { ring, store } = await registerKeys(server.keysFolder, client.pool);
  const { boxPublicKey } = server.keys.keySet;
  expect(await prepareKeys({ pool: client.pool, store, boxPublicKey }, ["lease"], "Ann")).toMatchObject({
    ok: true,
  });
  await ring.refresh();
  const signedSince = keyIdOf("lease", server.keys.signers.lease.publicKey);
  expect(ring.trusted.findKey("lease", signedSince)).toEqual(server.keys.signers.lease.publicKey);
  await client.close();
  await older.drop();
});

test("a bare node that enrols gets the newest key set, whatever its server process has heard of", async () => {
  await keys("rotate", "policy", "--by", "Ann");
  const before = server.keys.keySet.version;
  const { keySet } = (await enrolAtShop(server)).identity;
  expect(keySet.version).toBeGreaterThanOrEqual(before);
  expect(keySet.keys.filter(({ kind }) => kind === "policy")).toHaveLength(3);
});

function voucherOf(index: number): IssuedVoucher {
  const voucher = vouchers[index];
  if (!voucher) throw new Error(`no voucher ${index}`);
  return voucher;
}

function keys(...words: readonly string[]) {
  return operateOn(server, "keys", ...words);
}

/** As if so much time had passed since the next keys were made. */
async function published(interval: string): Promise<void> {
  await server.client.pool.query(
    "update signing_keys set prepared_at = prepared_at - $1::interval where state = 'next'",
    [interval],
  );
}

async function replaced(interval: string): Promise<void> {
  await server.client.pool.query(
    "update signing_keys set replaced_at = replaced_at - $1::interval where state = 'old'",
    [interval],
  );
}

async function keyIdOfNumber(kind: string, number: number): Promise<string> {
  const listed = await keys("list", "--json");
  const rows = JSON.parse(listed.stdout) as { key: string; keyId: string }[];
  const name = number === 1 ? kind : `${kind}.${number}`;
  return rows.find(({ key }) => key === name)?.keyId ?? "none";
}

async function currentKeyIds() {
  const { document } = server.keys.keySet;
  const opened = await openSelfSignedKeySet(document);
  if (!opened.ok) throw new Error("the key set is not signed by a key of its own");
  return {
    jwks: server.keys.jwks().keys.length,
    sets: opened.value.keys.length,
    signedBy: hex(opened.keyId),
  };
}

async function tokenKeyOf({ serialNumber }: IssuedVoucher): Promise<string> {
  const { body } = await server.institution.call("GET", `/vouchers/${serialNumber}?fields=token`);
  const parsed = parseDocument(textToToken(String(body["token"])) ?? new Uint8Array());
  return parsed.ok ? hex(parsed.keyId) : "unreadable";
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
